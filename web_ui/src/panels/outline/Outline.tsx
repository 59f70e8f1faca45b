import { ArrowRight, CornerDownRight } from 'lucide-react';
import { useMemo, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { definitionOf } from '@/core/document';
import { familyOf } from '@/core/fields';
import { runningOrder } from '@/core/order';
import type { NodeView } from '@/core/project';
import { nodeTitle } from '@/node/title';
import { reveal } from '@/shell/commands/move';
import { useDocument, useDocumentStore } from '@/state/context';
import { RowProblems } from './RowProblems';
import { NodeStatusText } from './StatusText';
import css from './Outline.module.css';

/** The graph as a list, in the order in which it runs: for whoever does not see the canvas, and for large graphs. */
export default function Outline() {
  const { t } = useTranslation('outline');
  const [filter, setFilter] = useState('');
  const projected = useDocument((state) => state.projected);
  const catalogue = useDocument((state) => state.catalogue);
  const order = useMemo(() => runningOrder(projected.graph), [projected.graph]);
  const words = filter.trim().toLowerCase();
  const shown = order
    .map((id) => projected.views.get(id)!)
    .filter(
      (view) =>
        !words ||
        `${nodeTitle(view, catalogue)} ${view.id} ${view.node.type}`.toLowerCase().includes(words),
    );
  return (
    <div className={css.outline}>
      <input
        className={css.filter}
        type="search"
        value={filter}
        placeholder={t('filter')}
        aria-label={t('filter')}
        onChange={(event) => setFilter(event.target.value)}
      />
      <ol className={css.list} aria-label={t('nodes', { count: shown.length })}>
        {shown.map((view) => (
          <Row key={view.id} view={view} title={nodeTitle(view, catalogue)} />
        ))}
      </ol>
      {shown.length === 0 && <p className={css.none}>{t(words ? 'none' : 'empty')}</p>}
    </div>
  );
}

function Row({ view, title }: { view: NodeView; title: string }) {
  const { t } = useTranslation('outline');
  const store = useDocumentStore();
  const selected = useDocument((state) => state.selection.has(view.id));
  const go = (id: string): void => {
    store.select([id]);
    reveal(store, [id]);
  };
  const first = view.outputTypes[0];
  const links = Object.entries(view.node.links ?? {}).flatMap(([port, link]) =>
    (typeof link === 'string' ? [link] : link).map((source) => ({ port, source })),
  );
  return (
    <li className={css.node} data-selected={selected || undefined}>
      <button
        className={css.head}
        data-family={first ? familyOf(first) : 'any'}
        aria-pressed={selected}
        onClick={() => go(view.id)}
      >
        <span className={css.dot} aria-hidden />
        <span className={css.title}>{title}</span>
        <span className={css.id}>{view.id}</span>
        <NodeStatusText id={view.id} />
      </button>
      {definitionOf(view.node.type) !== null && (
        <button
          className={css.enter}
          aria-label={t('enter', { title })}
          onClick={() => store.enter(view.id)}
        >
          <ArrowRight size={14} aria-hidden />
        </button>
      )}
      <RowProblems id={view.id} />
      {links.length > 0 && (
        <ul className={css.links} aria-label={t('links')}>
          {links.map(({ port, source }) => (
            <li key={`${port} ${source}`}>
              <button className={css.link} onClick={() => go(source.slice(0, source.indexOf('.')))}>
                <CornerDownRight size={12} aria-hidden />
                {t('link', { port, source })}
              </button>
            </li>
          ))}
        </ul>
      )}
    </li>
  );
}
