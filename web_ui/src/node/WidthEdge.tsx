import { useStoreApi } from '@xyflow/react';
import { MAX_WIDTH, MIN_WIDTH, snap } from '@/core/geometry';
import { useDocumentStore } from '@/state/context';
import { shownGraph } from '@/state/document';
import css from './NodeCard.module.css';
import { usePull } from './pull';

/** The right edge of a node, which is pulled to make it wider. */
export function WidthEdge({ id, width }: { id: string; width: number }) {
  const store = useDocumentStore();
  const flow = useStoreApi();
  const set = (next: number | null, group: string | null = null): void =>
    store.run(
      {
        do: 'setLayout',
        graph: shownGraph(store.getState()),
        node: id,
        layout: { width: next },
      },
      { group },
    );
  const pull = usePull('x', {
    size: width,
    zoom: () => flow.getState().transform[2],
    limited: (wide) => Math.min(MAX_WIDTH, Math.max(MIN_WIDTH, snap(wide))),
    onPull: set,
  });
  return (
    <div
      className={`nodrag nopan ${css.widthEdge}`}
      aria-hidden
      {...pull}
      onDoubleClick={(event) => {
        event.stopPropagation();
        set(null);
      }}
    />
  );
}
