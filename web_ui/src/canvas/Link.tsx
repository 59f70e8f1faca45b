import { BaseEdge, getBezierPath, getStraightPath, type EdgeProps } from '@xyflow/react';
import { memo } from 'react';
import { useSettings } from '@/state/settings';
import type { LinkEdge } from './flow';
import css from './Link.module.css';

/** A drawn link, or a piece of one between two bends. */
export const Link = memo(function Link(props: EdgeProps<LinkEdge>) {
  const { id, sourceX, sourceY, targetX, targetY, sourcePosition, targetPosition, data } = props;
  const straight = useSettings((settings) => settings.links === 'straight');
  const [path, x, y] = straight
    ? getStraightPath({ sourceX, sourceY, targetX, targetY })
    : getBezierPath({ sourceX, sourceY, targetX, targetY, sourcePosition, targetPosition });
  const segment = data!.segment;
  return (
    <g
      className={css.link}
      data-family={segment.family}
      data-list={segment.list || undefined}
      data-broken={!segment.fits || undefined}
      data-selected={props.selected || undefined}
    >
      {segment.list && <path d={path} className={css.casing} />}
      <BaseEdge id={id} path={path} interactionWidth={20} className={css.line} />
      {segment.list && <path d={path} className={css.core} />}
      {!segment.fits && <path className={css.cross} d={`M${x - 5} ${y - 5}l10 10m0 -10l-10 10`} />}
    </g>
  );
});
