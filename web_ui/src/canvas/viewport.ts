/** Where the canvas is looked at: remembered for each graph of each document. */

import type { OnMove, Viewport } from '@xyflow/react';
import { useMemo } from 'react';
import { useStore } from 'zustand';
import { bounds, WIDTH, type Rect } from '@/core/geometry';
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

/** From this zoom on a graph is opened whole: fields stand in its nodes, as `node/` shows them. */
const READABLE = 0.5;

/** As large the beginning of one is shown that would be smaller. */
const BEGINNING = 0.7;

/** A graph of more is opened whole again, as a map: its beginning would be a corner of it. */
const MAP = 200;

/** Room around the beginning, in pixels. */
const MARGIN = 48;

/**
 * The view that a graph is opened with: whole where it can be read, else where it begins, for what
 * is set stands there and the links lead on from it. Of a very large one the whole, as a map.
 */
export const openingView = (rects: readonly Rect[], width: number, height: number): Viewport => {
  const all = bounds(rects);
  const whole = viewportFor(all, width, height);
  if (!all || whole.zoom >= READABLE || rects.length > MAP) return whole;
  const zoom = BEGINNING;
  const upTo = (x: number): Rect => bounds(rects.filter((one) => one.x < all.x + x)) ?? all;
  // What is seen at once, in the middle where it fits; else its first nodes, without an empty edge.
  const seen = upTo(width / zoom);
  const room = height - 2 * MARGIN;
  const middle = (part: Rect): number => height / 2 - (part.y + part.height / 2) * zoom;
  const top = MARGIN - seen.y * zoom;
  const bottom = top + room - seen.height * zoom;
  const y = top <= bottom ? middle(seen) : Math.min(top, Math.max(bottom, middle(upTo(WIDTH))));
  const wide = all.width * zoom > width - 2 * MARGIN;
  return { x: wide ? MARGIN - all.x * zoom : width / 2 - (all.x + all.width / 2) * zoom, y, zoom };
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
    const rects = () => placedItems(projected, dragged).map((one) => one.rect);
    return {
      key: `${graph}:${placed}`, // looks only once where it begins
      defaultViewport: viewports[graph] ?? openingView(rects(), ...expectedSize()),
      onMoveEnd: ((_event, at: Viewport) =>
        store.setState((state) => ({
          viewports: { ...state.viewports, [graph]: at },
        }))) satisfies OnMove,
    };
  }, [store, graph, placed]);
}
