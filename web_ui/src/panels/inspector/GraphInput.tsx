import { ArrowDown, ArrowUp, Trash2 } from 'lucide-react';
import { useId } from 'react';
import { useTranslation } from 'react-i18next';
import { splitPort, targetsOf } from '@/core/document';
import { familyOf } from '@/core/fields';
import { fieldOf, isNone, valueAt } from '@/core/geometry';
import { Editor } from '@/node/Editor';
import { useInputTexts } from '@/node/inputTexts';
import { nodeTitle } from '@/node/title';
import { useDocument, useDocumentStore } from '@/state/context';
import { shownGraph } from '@/state/document';
import { moved } from './moved';
import css from './Inspector.module.css';
import { portFault } from './names';
import { Area, Jump, Line, Property, Tool } from './parts';

const AREAS: Record<string, number> = { multiline: 88, json: 88, list: 72, file: 128 };

interface Props {
  name: string;
  place: number;
  names: readonly string[];
  disabled: boolean;
}

/** A named input of a graph: what it is called, where it goes, what stands there by itself. */
export function GraphInput({ name, place, names, disabled }: Props) {
  const { t } = useTranslation('inspector');
  const store = useDocumentStore();
  const labelId = useId();
  const { graph, views } = useDocument((state) => state.projected);
  const catalogue = useDocument((state) => state.catalogue);
  const said = useInputTexts(name);
  const input = graph.inputs?.[name];
  if (!input) return null;
  const shown = (): string => shownGraph(store.getState());
  const targets = targetsOf(input).map(splitPort);
  const first = targets[0];
  const view = first && views.get(first.node);
  const port = view?.ports.inputs.find((one) => one.name === first?.port);
  const kind = port && view ? fieldOf(port, view.ports, view.node) : 'none';
  const value = port && view ? valueAt(view, port).value : input.default;
  const reorder = (by: number): void =>
    store.run({ do: 'reorder', graph: shown(), what: 'inputs', names: moved(names, place, by) });
  return (
    <div className={css.item} data-family={port ? familyOf(port.type) : 'any'}>
      <div className={css.itemHead}>
        <i className={css.dot} aria-hidden />
        <Line
          mono
          value={name}
          label={t('workflow.inputName')}
          disabled={disabled}
          fault={(text) => portFault(text, graph.inputs)}
          onCommit={(to) => store.run({ do: 'renameInput', graph: shown(), name, to })}
        />
        <Tool
          icon={ArrowUp}
          label={t('up', { name })}
          disabled={disabled || place === 0}
          onClick={() => reorder(-1)}
        />
        <Tool
          icon={ArrowDown}
          label={t('down', { name })}
          disabled={disabled || place === names.length - 1}
          onClick={() => reorder(1)}
        />
        <Tool
          icon={Trash2}
          label={t('remove', { name })}
          disabled={disabled}
          onClick={() =>
            store.run({
              do: 'batch',
              label: 'unexpose',
              commands: targetsOf(input).map((to) => ({ do: 'unexpose', graph: shown(), to })),
            })
          }
        />
      </div>
      <Property label={t('workflow.label')}>
        {(id) => (
          <Line
            value={said.label ?? input.label ?? ''}
            labelId={id}
            placeholder={port?.label}
            disabled={disabled}
            onCommit={(label) =>
              store.run({ do: 'setInput', graph: shown(), name, input: { label: label || null } })
            }
          />
        )}
      </Property>
      <Property label={t('workflow.help')}>
        {(id) => (
          <Area
            value={said.text ?? input.help ?? ''}
            labelId={id}
            fits
            placeholder={port?.help}
            disabled={disabled}
            onCommit={(help) =>
              store.run({ do: 'setInput', graph: shown(), name, input: { help: help || null } })
            }
          />
        )}
      </Property>
      {port && view && kind !== 'none' && (
        <div
          className={css.property}
          data-tall={kind === 'seed' || (AREAS[kind] && !isNone(port, value)) || undefined}
        >
          <span id={labelId} className={css.label}>
            {t('workflow.default')}
          </span>
          <Editor
            id={view.id}
            port={port}
            kind={kind}
            value={value}
            binding={{ name, input }}
            area={AREAS[kind] ?? 0}
            disabled={disabled}
            labelId={labelId}
          />
        </div>
      )}
      {targets.map((at) => {
        const goal = views.get(at.node);
        return (
          <Jump key={`${at.node}.${at.port}`} node={at.node}>
            {goal ? nodeTitle(goal, catalogue) : at.node} · {at.port}
          </Jump>
        );
      })}
    </div>
  );
}
