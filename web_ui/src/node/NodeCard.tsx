import type { NodeProps } from '@xyflow/react';
import { memo } from 'react';
import { useTranslation } from 'react-i18next';
import { Handle } from '@/canvas/Handle';
import type { CardNode } from '@/canvas/flow';
import { familyOf } from '@/core/fields';
import type { NodeView } from '@/core/project';
import { FieldRow } from './FieldRow';
import { NodeHeader } from './NodeHeader';
import css from './NodeCard.module.css';
import { NodePreview } from './NodePreview';

const isLinked = (view: NodeView, port: string): boolean =>
  view.node.links !== undefined && Object.hasOwn(view.node.links, port);

/** A node as it stands on the canvas. Everything in it stands where the geometry says. */
export const NodeCard = memo(function NodeCard({ data, selected }: NodeProps<CardNode>) {
  const { t } = useTranslation('canvas');
  const { view } = data;
  const { geometry, node, layout, id } = view;
  const first = view.outputTypes[0];
  return (
    <article
      className={css.card}
      data-selected={selected || undefined}
      data-mode={node.mode}
      data-unknown={!view.ports.known || undefined}
      data-tint={layout?.color}
      data-family={first ? familyOf(first) : 'any'}
    >
      <NodeHeader view={view} />
      {geometry.rows.map((row) =>
        row.field === 'none' ? (
          <div key={row.y} className={css.sockets} style={{ top: row.y, height: row.height }}>
            <span className={css.label} title={row.input?.help}>
              {row.input && (view.bound[row.input.name]?.input.label ?? row.input.label)}
            </span>
            <span className={css.output} title={row.output?.help}>
              {row.output &&
                (row.output.name === 'out'
                  ? t(`family.${familyOf(row.output.type)}`)
                  : row.output.label)}
            </span>
          </div>
        ) : (
          <FieldRow
            key={row.input!.name}
            id={id}
            node={node}
            row={row}
            binding={view.bound[row.input!.name]}
            linked={isLinked(view, row.input!.name)}
          />
        ),
      )}
      {geometry.preview && (
        <NodePreview view={view} y={geometry.preview.y} height={geometry.preview.height} />
      )}
      {geometry.inputs.map((handle) => (
        <Handle
          key={`in ${handle.port.name}`}
          node={id}
          port={handle.port}
          type={handle.port.type}
          side="target"
          linked={isLinked(view, handle.port.name)}
          y={handle.y}
        />
      ))}
      {geometry.outputs.map((handle, place) => (
        <Handle
          key={`out ${handle.port.name}`}
          node={id}
          port={handle.port}
          type={view.outputTypes[place] ?? handle.port.type}
          side="source"
          linked
          y={handle.y}
        />
      ))}
    </article>
  );
});
