/** Room for nodes that become higher: what stands right below them goes down, and what that covers. */

import type { Rect } from './geometry';
import type { Point } from './layout';

/** As near as what is pushed comes to what pushes it, unless it stood nearer before. */
const GAP = 16;

/**
 * Where things have to go so that none is covered by what has grown. `rects` is as everything is
 * now, `before` tells how high what has grown was. What was covered already stays covered.
 */
export function pushedDown(
  rects: ReadonlyMap<string, Rect>,
  before: ReadonlyMap<string, number>,
): Record<string, Point> {
  const pushing: { now: Rect; bottom: number }[] = [];
  const moved: Record<string, Point> = {};
  for (const [id, rect] of [...rects].toSorted(([, a], [, b]) => a.y - b.y)) {
    let { y } = rect;
    for (const { now, bottom } of pushing) {
      const beside = now.x >= rect.x + rect.width || rect.x >= now.x + now.width;
      if (beside || rect.y < bottom) continue;
      y = Math.max(y, now.y + now.height + Math.min(GAP, rect.y - bottom));
    }
    const height = before.get(id) ?? rect.height;
    if (y !== rect.y) moved[id] = { x: rect.x, y };
    if (y !== rect.y || height !== rect.height)
      pushing.push({ now: { ...rect, y }, bottom: rect.y + height });
  }
  return moved;
}
