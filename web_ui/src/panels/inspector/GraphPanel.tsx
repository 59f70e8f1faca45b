import { ArrowDown, ArrowUp, Trash2 } from 'lucide-react';
import { useTranslation } from 'react-i18next';
import { joinPort, splitPort } from '@/core/document';
import { familyOf } from '@/core/fields';
import { nodeTitle } from '@/node/title';
import { useDocument, useDocumentStore } from '@/state/context';
import { shownGraph } from '@/state/document';
import { Definitions } from './Definitions';
import { GraphInput } from './GraphInput';
import css from './Inspector.module.css';
import { moved } from './moved';
import { idFault, portFault } from './names';
import { Jump, Line, Property, Section, Tool } from './parts';

/** The workflow, or the subgraph that is looked into: what it takes, what it gives. */
export function GraphPanel() {
  const { t } = useTranslation('inspector');
  const store = useDocumentStore();
  const name = useDocument(shownGraph);
  const title = useDocument((state) => state.document.name ?? '');
  const graphs = useDocument((state) => state.document.graphs);
  const { graph } = useDocument((state) => state.projected);
  const disabled = useDocument((state) => state.readOnly);
  const inputs = Object.keys(graph.inputs ?? {});
  return (
    <>
      <Section title={t(name === '' ? 'workflow.title' : 'workflow.subgraph')}>
        <Property label={t('workflow.name')}>
          {(labelId) =>
            name === '' ? (
              <Line
                value={title}
                labelId={labelId}
                placeholder={t('workflow.untitled')}
                disabled={disabled}
                onCommit={(text) => store.run({ do: 'setName', name: text })}
              />
            ) : (
              <Line
                mono
                value={name}
                labelId={labelId}
                disabled={disabled}
                fault={(text) => idFault(text, graphs)}
                onCommit={(to) => store.run({ do: 'renameGraph', name, to })}
              />
            )
          }
        </Property>
      </Section>
      <Section title={t('workflow.inputs')} count={inputs.length}>
        {inputs.length === 0 && <p className={css.hint}>{t('workflow.noInputs')}</p>}
        {inputs.map((one, place) => (
          <GraphInput key={one} name={one} place={place} names={inputs} disabled={disabled} />
        ))}
      </Section>
      <Results disabled={disabled} />
      <Definitions disabled={disabled} />
      <Packs />
    </>
  );
}

function Results({ disabled }: { disabled: boolean }) {
  const { t } = useTranslation('inspector');
  const store = useDocumentStore();
  const { graph, views, types } = useDocument((state) => state.projected);
  const catalogue = useDocument((state) => state.catalogue);
  const shown = (): string => shownGraph(store.getState());
  const outputs = Object.entries(graph.outputs ?? {});
  const names = outputs.map(([name]) => name);
  const reorder = (place: number, by: number): void =>
    store.run({
      do: 'reorder',
      graph: shown(),
      what: 'outputs',
      names: moved(names, place, by),
    });
  return (
    <Section title={t('workflow.outputs')} count={outputs.length}>
      {outputs.length === 0 && <p className={css.hint}>{t('workflow.noOutputs')}</p>}
      {outputs.map(([name, from], place) => {
        const at = splitPort(from);
        const type = types.outputType(at);
        const view = views.get(at.node);
        return (
          <div key={name} className={css.item} data-family={type ? familyOf(type) : 'any'}>
            <div className={css.itemHead}>
              <i className={css.dot} aria-hidden />
              <Line
                mono
                value={name}
                label={t('workflow.outputName')}
                disabled={disabled}
                fault={(text) => portFault(text, graph.outputs)}
                onCommit={(to) => store.run({ do: 'renameOutput', graph: shown(), name, to })}
              />
              <Tool
                icon={ArrowUp}
                label={t('up', { name })}
                disabled={disabled || place === 0}
                onClick={() => reorder(place, -1)}
              />
              <Tool
                icon={ArrowDown}
                label={t('down', { name })}
                disabled={disabled || place === names.length - 1}
                onClick={() => reorder(place, 1)}
              />
              <Tool
                icon={Trash2}
                label={t('remove', { name })}
                disabled={disabled}
                onClick={() => store.run({ do: 'setOutput', graph: shown(), name, from: null })}
              />
            </div>
            <Jump node={at.node}>
              {view ? nodeTitle(view, catalogue) : joinPort(at.node, at.port)}
              {type && ` · ${type.text}`}
            </Jump>
          </div>
        );
      })}
    </Section>
  );
}

/** The packs that the nodes of the whole document come from. */
function Packs() {
  const { t } = useTranslation('inspector');
  const document = useDocument((state) => state.document);
  const catalogue = useDocument((state) => state.catalogue);
  const used = new Set(
    [document, ...Object.values(document.graphs ?? {})].flatMap((graph) =>
      Object.values(graph.nodes ?? {}).map((node) => node.type),
    ),
  );
  const names = [
    ...new Set(
      [...used].filter((type) => !type.startsWith('graph:')).map((type) => type.split('.')[0]!),
    ),
  ].toSorted();
  if (!names.length) return null;
  return (
    <Section title={t('workflow.packs')} count={names.length}>
      {names.map((name) => {
        const pack = catalogue.packs.get(name);
        return (
          <Property key={name} label={pack?.title ?? name}>
            {() => (
              <span className={css.quiet} data-missing={!pack || undefined}>
                {pack
                  ? pack.version
                  : t('workflow.missing', { version: document.packs?.[name] ?? '' })}
              </span>
            )}
          </Property>
        );
      })}
    </Section>
  );
}
