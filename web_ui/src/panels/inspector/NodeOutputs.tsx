import { ArrowRightToLine } from 'lucide-react';
import { useTranslation } from 'react-i18next';
import { edgesOf } from '@/core/document';
import { familyOf } from '@/core/fields';
import type { NodeView } from '@/core/project';
import { outputLabel } from '@/node/outputLabel';
import { naming } from '@/node/exposing';
import { nodeTitle } from '@/node/title';
import { useDocument, useDocumentStore } from '@/state/context';
import { shownGraph } from '@/state/document';
import css from './Inspector.module.css';
import { portFault } from './names';
import { Jump, Line, Section, Tool } from './parts';

/** Every output of a node: where it goes, and whether it is a result. */
export function NodeOutputs({ view, disabled }: { view: NodeView; disabled: boolean }) {
  const { t } = useTranslation('inspector');
  const store = useDocumentStore();
  const { graph, views } = useDocument((state) => state.projected);
  const catalogue = useDocument((state) => state.catalogue);
  if (!view.ports.outputs.length) return null;
  const shown = (): string => shownGraph(store.getState());
  const after = edgesOf(graph).filter((edge) => edge.source === view.id);
  return (
    <Section title={t('outputs')}>
      {view.ports.outputs.map((port, place) => {
        const type = view.outputTypes[place] ?? port.type;
        const name = view.named[port.name];
        const goals = after.filter((edge) => edge.sourcePort === port.name);
        return (
          <div key={port.name} className={css.input}>
            <span className={css.label} title={port.help} data-family={familyOf(type)}>
              <i className={css.dot} aria-hidden />
              {outputLabel(port, t)}
            </span>
            <div className={css.control}>
              <code className={css.type}>{type.text}</code>
              {goals.map((edge) => {
                const goal = views.get(edge.target);
                return (
                  <Jump key={edge.id} node={edge.target}>
                    {goal ? nodeTitle(goal, catalogue) : edge.target} · {edge.targetPort}
                  </Jump>
                );
              })}
            </div>
            <div className={css.tools}>
              <Tool
                icon={ArrowRightToLine}
                label={t(name === undefined ? 'makeResult' : 'noResult')}
                pressed={name !== undefined}
                disabled={disabled}
                onClick={() =>
                  name === undefined
                    ? store.run(naming(store, view, port.name))
                    : store.run({ do: 'setOutput', graph: shown(), name, from: null })
                }
              />
            </div>
            {name !== undefined && (
              <div className={css.bound}>
                <Line
                  mono
                  value={name}
                  label={t('resultName', { port: port.label })}
                  disabled={disabled}
                  fault={(text) => portFault(text, graph.outputs)}
                  onCommit={(to) => store.run({ do: 'renameOutput', graph: shown(), name, to })}
                />
              </div>
            )}
          </div>
        );
      })}
    </Section>
  );
}
