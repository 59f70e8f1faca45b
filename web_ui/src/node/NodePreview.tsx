import { memo } from 'react';
import type { NodeView } from '@/core/project';
import css from './NodeCard.module.css';

interface Props {
  view: NodeView;
  y: number;
  height: number;
}

/** What a node gave in the last run, or gives right now. */
export const NodePreview = memo(function NodePreview({ y, height }: Props) {
  return <div className={css.preview} style={{ top: y, height }} />;
});
