import { memo } from 'react';
import type { NodeView } from '@/core/project';
import { useNodeTitle } from './title';
import css from './NodeCard.module.css';

/** Name of a node, and how it is. */
export const NodeHeader = memo(function NodeHeader({ view }: { view: NodeView }) {
  const title = useNodeTitle(view);
  return (
    <header className={css.header} title={view.id}>
      <span className={css.title}>{title}</span>
    </header>
  );
});
