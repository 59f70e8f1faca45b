import { ChevronRight } from 'lucide-react';
import { useTranslation } from 'react-i18next';
import { useDocument, useDocumentStore } from '@/state/context';
import { definitionOf, graphOf, nodesOf } from '@/core/document';
import { humanize } from '@/core/catalogue';
import { graphAt } from '@/state/document';
import css from './Breadcrumb.module.css';

/** The way into the subgraph that is shown, and out of it. */
export function Breadcrumb() {
  const { t } = useTranslation('canvas');
  const store = useDocumentStore();
  const stack = useDocument((state) => state.stack);
  const document = useDocument((state) => state.document);
  if (!stack.length) return null;
  const name = (depth: number): string => {
    const graph = graphOf(document, graphAt(document, stack.slice(0, depth)));
    const node = nodesOf(graph)[stack[depth]!];
    return (
      graph.canvas?.nodes?.[stack[depth]!]?.title ?? humanize(definitionOf(node?.type ?? '') ?? '')
    );
  };
  return (
    <nav className={css.crumbs} aria-label={t('breadcrumb.label')}>
      <button className={css.crumb} onClick={() => store.leave(0)}>
        {document.name || t('breadcrumb.top')}
      </button>
      {stack.map((id, depth) => (
        <span key={`${depth} ${id}`} className={css.step}>
          <ChevronRight size={14} aria-hidden />
          <button
            className={css.crumb}
            aria-current={depth === stack.length - 1 ? 'page' : undefined}
            onClick={() => store.leave(depth + 1)}
          >
            {name(depth)}
          </button>
        </span>
      ))}
    </nav>
  );
}
