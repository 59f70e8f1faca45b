import { Handle, Position, type NodeProps } from '@xyflow/react';
import { memo } from 'react';
import type { RerouteNode } from './flow';
import css from './Reroute.module.css';

/** A bend of a link, to be taken hold of. */
export const Reroute = memo(function Reroute({ data, selected }: NodeProps<RerouteNode>) {
  return (
    <div
      className={css.dot}
      data-family={data.segment?.family ?? 'any'}
      data-selected={selected || undefined}
    >
      <Handle
        id=""
        type="target"
        position={Position.Left}
        className={css.end}
        isConnectable={false}
      />
      <Handle
        id=""
        type="source"
        position={Position.Right}
        className={css.end}
        isConnectable={false}
      />
    </div>
  );
});
