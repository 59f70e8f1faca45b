/** What is under a point or in a marquee, where no element could tell. */

import { overlaps, holds, type Rect } from '@/core/geometry';
import type { Projected } from '@/core/project';
import { REROUTE } from '../flow';

export interface Placed {
  item: string;
  rect: Rect;
}

type Places = ReadonlyMap<string, { x: number; y: number }>;

/** Everything of a graph with where it is, from the back to the front. */
export function placedItems(projected: Projected, dragged: Places): Placed[] {
  const placed: Placed[] = [];
  const add = (item: string, at: { x: number; y: number }, width: number, height: number): void => {
    const { x, y } = dragged.get(item) ?? at;
    placed.push({ item, rect: { x, y, width, height } });
  };
  const frames = Object.entries(projected.frames).toSorted(
    ([, a], [, b]) => b.width * b.height - a.width * a.height,
  );
  for (const [id, frame] of frames) add(`frame:${id}`, frame, frame.width, frame.height);
  for (const [id, note] of Object.entries(projected.notes))
    add(`note:${id}`, note, note.width, note.height);
  for (const [id, reroute] of Object.entries(projected.reroutes))
    add(`reroute:${id}`, reroute, REROUTE, REROUTE);
  for (const [id, view] of projected.views)
    add(id, view.layout ?? { x: 0, y: 0 }, view.geometry.width, view.geometry.height);
  return placed;
}

/** Height of the part by which a frame is taken. */
const FRAME_HEAD = 32;

/** The item in front at a point; a frame only at its head, so that what stands in it can be marked. */
export function itemAt(placed: readonly Placed[], x: number, y: number): Placed | null {
  for (let place = placed.length - 1; place >= 0; place -= 1) {
    const one = placed[place]!;
    const { rect } = one;
    const height = one.item.startsWith('frame:') ? FRAME_HEAD : rect.height;
    if (x >= rect.x && x <= rect.x + rect.width && y >= rect.y && y <= rect.y + height) return one;
  }
  return null;
}

/** What a marquee takes: what it touches, or only what is wholly in it. Frames always have to be. */
export function itemsIn(placed: readonly Placed[], marquee: Rect, whole: boolean): string[] {
  return placed
    .filter(({ item, rect }) =>
      whole || item.startsWith('frame:') ? holds(marquee, rect) : overlaps(marquee, rect),
    )
    .map(({ item }) => item);
}
