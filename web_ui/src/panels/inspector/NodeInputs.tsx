import { ArrowRightFromLine, RotateCcw, X } from 'lucide-react';
import { useId } from 'react';
import { useTranslation } from 'react-i18next';
import type { Port } from '@/core/catalogue';
import { joinPort, sourcesOf, splitPort } from '@/core/document';
import { familyOf } from '@/core/fields';
import { fieldOf, isNone, valueAt } from '@/core/geometry';
import type { NodeView } from '@/core/project';
import { Editor } from '@/node/Editor';
import { exposing } from '@/node/exposing';
import { nodeTitle } from '@/node/title';
import { useDocument, useDocumentStore } from '@/state/context';
import { shownGraph } from '@/state/document';
import css from './Inspector.module.css';
import { portFault } from './names';
import { useInputTexts } from '@/node/inputTexts';
import { Jump, Line, Section, Tool } from './parts';

/** Heights of what is edited in several lines, in the panel. */
const AREAS: Record<string, number> = { multiline: 112, json: 88, list: 72, file: 128 };

interface Props {
  view: NodeView;
  disabled: boolean;
}

/** Every input of a node: what it is linked to, what sets it, or its value. */
export function NodeInputs({ view, disabled }: Props) {
  const { t } = useTranslation('inspector');
  if (!view.ports.inputs.length) return null;
  return (
    <Section title={t('inputs')}>
      {view.ports.inputs.map((port) => (
        <InputRow key={port.name} view={view} port={port} disabled={disabled} />
      ))}
    </Section>
  );
}

function InputRow({ view, port, disabled }: Props & { port: Port }) {
  const { t } = useTranslation(['inspector', 'fields']);
  const store = useDocumentStore();
  const labelId = useId();
  const link = view.node.links?.[port.name];
  const binding = view.bound[port.name];
  const kind = fieldOf(port, view.ports, view.node);
  const { value, own } = valueAt(view, port);
  const said = useInputTexts(binding?.name);
  const to = joinPort(view.id, port.name);
  const graph = (): string => shownGraph(store.getState());
  const area = (!isNone(port, value) && AREAS[kind]) || 0;
  // A seed has up to sixteen digits.
  const tall =
    kind === 'seed' || (area > 0 && !(kind === 'list' && port.type.item?.name !== 'Text'));
  return (
    <div className={css.input} data-tall={(tall && link === undefined) || undefined}>
      <span
        id={labelId}
        className={css.label}
        title={[port.label, port.type.text, port.help].filter(Boolean).join('\n')}
        data-family={familyOf(port.type)}
      >
        <i className={css.dot} aria-hidden />
        {said.label ?? binding?.input.label ?? port.label}
      </span>
      <div className={css.control}>
        {link !== undefined ? (
          <Sources link={link} />
        ) : kind === 'none' || !view.ports.known ? (
          <span className={css.quiet}>
            {view.ports.known ? t(port.required ? 'needsLink' : 'noLink') : ''}
          </span>
        ) : (
          <Editor
            id={view.id}
            port={port}
            kind={kind}
            value={value}
            binding={binding}
            area={tall ? area : 0}
            disabled={disabled}
            labelId={labelId}
          />
        )}
      </div>
      <div className={css.tools}>
        {link !== undefined && (
          <Tool
            icon={X}
            label={t('link.cut')}
            disabled={disabled}
            onClick={() => store.run({ do: 'disconnect', graph: graph(), to })}
          />
        )}
        {link === undefined && own && port.default !== undefined && (
          <Tool
            icon={RotateCcw}
            label={t('reset')}
            disabled={disabled}
            onClick={() =>
              store.run({ do: 'setValue', graph: graph(), node: view.id, port: port.name })
            }
          />
        )}
        {link === undefined && (
          <Tool
            icon={ArrowRightFromLine}
            label={t(binding ? 'unexpose' : 'expose')}
            pressed={binding !== undefined}
            disabled={disabled}
            onClick={() =>
              store.run(
                binding ? { do: 'unexpose', graph: graph(), to } : exposing(store, view, port.name),
              )
            }
          />
        )}
      </div>
      {binding && link === undefined && (
        <div className={css.bound}>
          <Line
            mono
            value={binding.name}
            label={t('boundName', { port: port.label })}
            disabled={disabled}
            fault={(text) => portFault(text, store.getState().projected.graph.inputs)}
            onCommit={(name) =>
              store.run({ do: 'renameInput', graph: graph(), name: binding.name, to: name })
            }
          />
          <Line
            value={binding.input.label ?? ''}
            label={t('boundLabel', { port: port.label })}
            placeholder={port.label}
            disabled={disabled}
            onCommit={(label) =>
              store.run({
                do: 'setInput',
                graph: graph(),
                name: binding.name,
                input: { label: label || null },
              })
            }
          />
        </div>
      )}
    </div>
  );
}

/** Where what is linked comes from. */
function Sources({ link }: { link: string | string[] }) {
  const views = useDocument((state) => state.projected.views);
  const catalogue = useDocument((state) => state.catalogue);
  return sourcesOf(link).map((text, place) => {
    const { node, port } = splitPort(text);
    const view = views.get(node);
    return (
      <Jump key={`${text} ${place}`} node={node}>
        {view ? nodeTitle(view, catalogue) : node}
        {port !== 'out' && ` · ${port}`}
      </Jump>
    );
  });
}
