import { memo, useId } from 'react';
import type { Row } from '@/core/geometry';
import type { Binding } from '@/core/project';
import type { NodeDocument } from '@/core/document';
import { useDocumentStore } from '@/state/context';
import { shownGraph } from '@/state/document';
import { FIELDS } from './fields/registry';
import css from './NodeCard.module.css';

interface Props {
  id: string;
  node: NodeDocument;
  row: Row;
  binding: Binding | undefined;
  linked: boolean;
}

/** An input that a value can be typed into; linked, it only says its name. */
export const FieldRow = memo(function FieldRow({ id, node, row, binding, linked }: Props) {
  const store = useDocumentStore();
  const labelId = useId();
  const port = row.input!;
  const own = binding ? binding.input.default : node.values?.[port.name];
  const value = own === undefined ? port.default : own;
  const Field = FIELDS[row.field as keyof typeof FIELDS];
  const graph = shownGraph(store.getState());
  return (
    <div
      className={css.row}
      style={{ top: row.y, height: row.height }}
      data-field={row.field}
      data-area={row.area > 0 || undefined}
    >
      <label
        id={labelId}
        className={css.label}
        title={port.help}
        data-bound={binding !== undefined || undefined}
      >
        {binding?.input.label ?? port.label}
      </label>
      {!linked && (
        <div className={css.field}>
          <Field
            node={id}
            graph={graph}
            port={port}
            value={value}
            set={own !== undefined}
            area={row.area}
            disabled={store.getState().readOnly}
            labelId={labelId}
            onChange={(next) =>
              store.run({
                do: 'setValue',
                graph,
                node: id,
                port: port.name,
                ...(next === undefined ? {} : { value: next }),
              })
            }
            onDone={() => store.seal()}
          />
        </div>
      )}
    </div>
  );
});
