/** Where the canvas is looked at: remembered for each graph of each document. */

import type { OnMove, Viewport } from '@xyflow/react';
import { useMemo } from 'react';
import { useStore } from 'zustand';
import { bounds, type Rect } from '@/core/geometry';
import { shownGraph, type DocumentStore } from '@/state/document';
import { placedItems } from './overview/hit';

export const MIN_ZOOM = 0.02;
export const MAX_ZOOM = 4;

/** The share of the canvas that a graph which is looked at whole takes. */
const SHARE = 0.9;

/** The view that shows a part of the canvas as large as it fits, at most at its own size. */
export const viewportFor = (part: Rect | null, width: number, height: number): Viewport => {
  if (!part) return { x: width / 2, y: height / 3, zoom: 1 };
  const fitting = Math.min((width * SHARE) / part.width, (height * SHARE) / part.height);
  const zoom = Math.max(MIN_ZOOM, Math.min(1, fitting));
  return {
    x: width / 2 - (part.x + part.width / 2) * zoom,
    y: height / 2 - (part.y + part.height / 2) * zoom,
    zoom,
  };
};

/** How large the canvas will be, before it is there. */
const expectedSize = (): [number, number] => {
  const main = document.querySelector('main')?.getBoundingClientRect();
  return main?.width
    ? [main.width, main.height]
    : [window.innerWidth - 364, window.innerHeight - 40];
};

export function useViewport(store: DocumentStore) {
  const graph = useStore(store, shownGraph);
  // Until the catalogue has come, nodes that have no place of their own stand nowhere.
  const placed = useStore(
    store,
    ({ catalogue, projected }) =>
      catalogue.types.size > 0 || [...projected.views.values()].every((view) => view.layout),
  );
  return useMemo(() => {
    const { viewports, projected, dragged } = store.getState();
    const whole = () => bounds(placedItems(projected, dragged).map((one) => one.rect));
    return {
      key: `${graph}:${placed}`, // looks only once where it begins
      defaultViewport: viewports[graph] ?? viewportFor(whole(), ...expectedSize()),
      onMoveEnd: ((_event, at: Viewport) =>
        store.setState((state) => ({
          viewports: { ...state.viewports, [graph]: at },
        }))) satisfies OnMove,
    };
  }, [store, graph, placed]);
}
