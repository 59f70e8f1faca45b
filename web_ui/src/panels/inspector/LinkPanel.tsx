import { Scissors } from 'lucide-react';
import { useTranslation } from 'react-i18next';
import { cutCommands } from '@/canvas/connecting';
import type { Edge } from '@/core/document';
import { fits } from '@/core/types';
import type { Segment } from '@/core/project';
import { nodeTitle } from '@/node/title';
import { useDocument, useDocumentStore } from '@/state/context';
import { shownGraph } from '@/state/document';
import { Button } from '@/ui/Button';
import css from './Inspector.module.css';
import { Jump, Property, Section } from './parts';

/** A drawn link: where it comes from, where it goes, and how the one fits the other. */
export function LinkPanel({ segment }: { segment: Segment }) {
  const { t } = useTranslation('inspector');
  const store = useDocumentStore();
  const disabled = useDocument((state) => state.readOnly);
  return (
    <>
      {segment.edges.length === 0 && <p className={css.hint}>{t('link.loose')}</p>}
      {segment.edges.map((edge) => (
        <OneLink key={edge.id} edge={edge} />
      ))}
      {segment.edges.length > 0 && (
        <div className={css.actions}>
          <Button
            disabled={disabled}
            onClick={() =>
              store.run({
                do: 'batch',
                label: 'disconnect',
                commands: cutCommands(shownGraph(store.getState()), segment),
              })
            }
          >
            <Scissors size={14} aria-hidden />
            {t('link.cut')}
          </Button>
        </div>
      )}
    </>
  );
}

function OneLink({ edge }: { edge: Edge }) {
  const { t } = useTranslation(['inspector', 'rules']);
  const projected = useDocument((state) => state.projected);
  const catalogue = useDocument((state) => state.catalogue);
  const { types, views } = projected;
  const source = types.outputType({ node: edge.source, port: edge.sourcePort });
  const target = types.input({ node: edge.target, port: edge.targetPort });
  const titleOf = (id: string): string => {
    const view = views.get(id);
    return view ? nodeTitle(view, catalogue) : id;
  };
  const goal = target && edge.index !== null ? (target.type.item ?? target.type) : target?.type;
  const fit = source && goal ? fits(source, goal) : null;
  const known = types.portsOf(edge.source).known && types.portsOf(edge.target).known;
  return (
    <Section title={t('link.title')}>
      <Property label={t('link.from')}>
        {() => (
          <Jump node={edge.source}>
            {titleOf(edge.source)} · {edge.sourcePort}
          </Jump>
        )}
      </Property>
      <Property label={t('link.to')}>
        {() => (
          <Jump node={edge.target}>
            {titleOf(edge.target)} · {target?.label ?? edge.targetPort}
          </Jump>
        )}
      </Property>
      <Property label={t('link.carries')}>
        {() => <code className={css.type}>{source?.text ?? t('link.unknown')}</code>}
      </Property>
      <Property label={t('link.takes')}>
        {() => <code className={css.type}>{goal?.text ?? t('link.unknown')}</code>}
      </Property>
      <p className={css.hint}>
        {!known || !fit
          ? t('link.fit.unknown')
          : fit.how === 'no'
            ? t(fit.why.key, { ns: 'rules', ...fit.why.args })
            : t(`link.fit.${edge.index !== null && fit.how === 'direct' ? 'item' : fit.how}`)}
      </p>
    </Section>
  );
}
