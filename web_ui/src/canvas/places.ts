/** Where things of the shown graph stand, and how much room they take. */

import { itemId, itemKind } from '@/core/document';
import type { Rect } from '@/core/geometry';
import type { DocumentStore } from '@/state/document';
import { REROUTE } from './flow';

/** Where an item of the shown graph stands. */
export const placeOf = (
  store: DocumentStore,
  item: string,
): { x: number; y: number } | undefined => {
  const { projected } = store.getState();
  const id = itemId(item);
  switch (itemKind(item)) {
    case 'frame':
      return projected.frames[id];
    case 'note':
      return projected.notes[id];
    case 'reroute':
      return projected.reroutes[id];
    default:
      return projected.views.get(item)?.layout;
  }
};

/** How much room an item of the shown graph takes, at a place. */
export const rectOf = (
  store: DocumentStore,
  item: string,
  at = placeOf(store, item),
): Rect | null => {
  const { projected } = store.getState();
  const id = itemId(item);
  const size =
    itemKind(item) === 'frame'
      ? projected.frames[id]
      : itemKind(item) === 'note'
        ? projected.notes[id]
        : itemKind(item) === 'reroute'
          ? { width: REROUTE, height: REROUTE }
          : projected.views.get(item)?.geometry;
  return size && at ? { x: at.x, y: at.y, width: size.width, height: size.height } : null;
};
