import { describe, expect, it } from 'vitest';
import type { Rect } from '@/core/geometry';
import { openingView } from './viewport';

const WIDTH = 1076;
const HEIGHT = 860;

/** Nodes in columns of so many; each next column begins higher, so that the first stands lower. */
const columns = (count: number, rows = 1, rise = 0): Rect[] =>
  Array.from({ length: count * rows }, (_, at) => ({
    x: Math.floor(at / rows) * 320,
    y: (at % rows) * 240 - Math.floor(at / rows) * rise,
    width: 240,
    height: 200,
  }));

const seen = (rect: Rect, { x, y, zoom }: ReturnType<typeof openingView>): boolean =>
  rect.x * zoom + x >= 0 &&
  rect.y * zoom + y >= 0 &&
  (rect.x + rect.width) * zoom + x <= WIDTH &&
  (rect.y + rect.height) * zoom + y <= HEIGHT;

const open = (rects: Rect[]) => openingView(rects, WIDTH, HEIGHT);

describe('a graph is opened', () => {
  it('whole, as long as it can be read', () => {
    const rects = columns(5);
    const view = open(rects);
    expect(view.zoom).toBeGreaterThanOrEqual(0.5);
    expect(rects.every((one) => seen(one, view))).toBe(true);
  });

  it('where it begins, large enough for its fields, if the whole would be too small', () => {
    const rects = columns(9, 1, 100);
    const view = open(rects);
    expect(view.zoom).toBe(0.7);
    expect(rects.slice(0, 3).every((one) => seen(one, view))).toBe(true);
    expect(seen(rects.at(-1)!, view)).toBe(false);
  });

  it('without an empty edge, if the beginning is low and what is seen is taller than the canvas', () => {
    const rects = [...columns(9, 1), ...columns(9, 6).map((one) => ({ ...one, x: one.x + 640 }))];
    const view = open(rects);
    expect(view.zoom).toBe(0.7);
    expect(seen(rects[0]!, view)).toBe(true);
    expect(view.y).toBe(48);
  });

  it('whole, if it is so large that its beginning is a corner of it', () => {
    const rects = columns(40, 25);
    const view = open(rects);
    expect(rects.every((one) => seen(one, view))).toBe(true);
  });
});
