import { useStoreApi } from '@xyflow/react';
import { MAX_AREA, MIN_AREA, snap } from '@/core/geometry';
import { canvasOf } from '@/core/document';
import { useDocumentStore } from '@/state/context';
import { shownGraph } from '@/state/document';
import css from './NodeCard.module.css';
import { usePull } from './pull';

/** The lower edge of a text or a picture, which is pulled to make it higher. */
export function AreaEdge({ id, port, area }: { id: string; port: string; area: number }) {
  const store = useDocumentStore();
  const flow = useStoreApi();
  const set = (height: number | null, group?: string): void => {
    const { [port]: _before, ...others } =
      canvasOf(store.getState().projected.graph).nodes?.[id]?.heights ?? {};
    const heights = height === null ? others : { ...others, [port]: height };
    store.run(
      {
        do: 'setLayout',
        graph: shownGraph(store.getState()),
        node: id,
        layout: { heights: Object.keys(heights).length ? heights : null },
      },
      group === undefined ? {} : { group },
    );
  };
  const pull = usePull('y', {
    size: area,
    zoom: () => flow.getState().transform[2],
    limited: (height) => Math.min(MAX_AREA, Math.max(MIN_AREA, snap(height))),
    onPull: set,
  });
  return (
    <div
      className={`nodrag nopan ${css.areaEdge}`}
      aria-hidden
      {...pull}
      onDoubleClick={(event) => {
        event.stopPropagation();
        set(null);
      }}
    />
  );
}
