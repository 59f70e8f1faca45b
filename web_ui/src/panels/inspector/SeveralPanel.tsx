import { CircleSlash, MoveRight, Play } from 'lucide-react';
import { useTranslation } from 'react-i18next';
import { itemKind, type Color, type Mode } from '@/core/document';
import { canDo, doing, perform } from '@/shell/commands/registry';
import { useDocument, useDocumentStore } from '@/state/context';
import { shownGraph } from '@/state/document';
import { Button } from '@/ui/Button';
import css from './Inspector.module.css';
import { Property, Section, Segments, Swatches } from './parts';

/** What can be done with all that is selected, beside its colour and its mode. */
const ACTIONS = [
  'graph.frame',
  'graph.subgraph',
  'graph.collapse',
  'move.tidy',
  'edit.duplicate',
  'edit.delete',
] as const;

/** The one value that all have; undefined if they differ. */
const shared = <T,>(values: readonly T[]): T | undefined =>
  values.every((one) => one === values[0]) ? values[0] : undefined;

/** Several items at once. */
export function SeveralPanel() {
  const { t } = useTranslation(['inspector', 'commands']);
  const store = useDocumentStore();
  const selection = useDocument((state) => state.selection);
  const links = useDocument((state) => state.selectedLinks);
  const { views, frames, notes } = useDocument((state) => state.projected);
  const disabled = useDocument((state) => state.readOnly);
  const items = [...selection];
  const nodes = items.flatMap((item) => views.get(item) ?? []);
  const count = (kind: string) => items.filter((item) => itemKind(item) === kind).length;
  const said = [
    nodes.length && t('several.nodes', { count: nodes.length }),
    count('frame') && t('several.frames', { count: count('frame') }),
    count('note') && t('several.notes', { count: count('note') }),
    count('reroute') && t('several.bends', { count: count('reroute') }),
    links.size && t('several.links', { count: links.size }),
  ].filter(Boolean);
  const colors = items
    .filter((item) => itemKind(item) !== 'reroute')
    .map((item): Color | null => {
      const id = item.slice(item.indexOf(':') + 1);
      const found = views.get(item)?.layout ?? frames[id] ?? notes[id];
      return found?.color ?? null;
    });
  const mode = shared(nodes.map((view): Mode | 'run' => view.node.mode ?? 'run'));
  return (
    <>
      <Section title={t('several.title')}>
        <p className={css.hint}>{said.join(t('several.and'))}</p>
        {colors.length > 0 && (
          <Property label={t('color')}>
            {(labelId) => (
              <Swatches
                value={shared(colors)}
                labelId={labelId}
                disabled={disabled}
                onChoose={(color) => perform(`color.${color ?? 'none'}`)}
              />
            )}
          </Property>
        )}
        {nodes.length > 0 && (
          <Property label={t('mode.title')}>
            {(labelId) => (
              <Segments
                value={mode}
                labelId={labelId}
                disabled={disabled}
                choices={[
                  { value: 'run', label: t('mode.run'), icon: Play },
                  { value: 'bypass', label: t('mode.bypass'), icon: MoveRight },
                  { value: 'mute', label: t('mode.mute'), icon: CircleSlash },
                ]}
                onChoose={(next) =>
                  store.run({
                    do: 'setMode',
                    graph: shownGraph(store.getState()),
                    nodes: nodes.map((view) => view.id),
                    mode: next === 'run' ? null : next,
                  })
                }
              />
            )}
          </Property>
        )}
      </Section>
      <Section title={t('several.do')}>
        <div className={css.actions}>
          {ACTIONS.map((id) => {
            const one = doing(id);
            return (
              one &&
              canDo(one) && (
                <Button key={id} onClick={() => perform(id)}>
                  {t(`commands:${id}`)}
                </Button>
              )
            );
          })}
        </div>
      </Section>
    </>
  );
}
