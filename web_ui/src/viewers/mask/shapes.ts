/** Changes of a mask that are no strokes: areas, floods, and the whole. */

import { Edit, inside, wholeOf, type Box, type Mask } from './tiles';

export interface Point {
  x: number;
  y: number;
}

/** Lines that a row of pixels is looked at on. */
const FINE = 4;

/** Fill what a closed line goes round (what it goes round twice is out), with smooth edges. */
export function fillPolygon(mask: Mask, points: readonly Point[], value: number): Edit {
  const edit = new Edit(mask);
  const xs = points.map(({ x }) => x);
  const ys = points.map(({ y }) => y);
  const box =
    points.length > 2 &&
    inside(mask, {
      left: least(xs),
      top: least(ys),
      right: most(xs),
      bottom: most(ys),
    });
  if (!box) return edit;
  edit.touch(box);
  const covered = new Float32Array(box.right - box.left);
  for (let y = box.top; y < box.bottom; y++) {
    covered.fill(0);
    for (let line = 0; line < FINE; line++) {
      const crossings = crossingsAt(points, y + (line + 0.5) / FINE);
      for (let at = 0; at + 1 < crossings.length; at += 2)
        cover(covered, crossings[at]! - box.left, crossings[at + 1]! - box.left);
    }
    for (let x = box.left; x < box.right; x++) {
      const share = covered[x - box.left]! / FINE;
      const at = y * mask.width + x;
      const before = mask.data[at]!;
      if (share > 0) mask.data[at] = Math.round(before + (value - before) * Math.min(1, share));
    }
  }
  return edit;
}

const least = (values: readonly number[]): number => values.reduce((a, b) => Math.min(a, b));
const most = (values: readonly number[]): number => values.reduce((a, b) => Math.max(a, b));

function crossingsAt(points: readonly Point[], y: number): number[] {
  const found: number[] = [];
  points.forEach((a, at) => {
    const b = points[(at + 1) % points.length]!;
    if (a.y <= y === b.y <= y) return;
    found.push(a.x + ((y - a.y) / (b.y - a.y)) * (b.x - a.x));
  });
  return found.sort((one, two) => one - two);
}

/** Add to each pixel how much of it lies between two places of its row. */
function cover(row: Float32Array, from: number, to: number): void {
  const [left, right] = [Math.max(0, from), Math.min(row.length, to)];
  for (let x = Math.floor(left); x < right; x++)
    row[x]! += Math.min(right, x + 1) - Math.max(left, x);
}

export const rectangle = (a: Point, b: Point): Point[] => [
  a,
  { x: b.x, y: a.y },
  b,
  { x: a.x, y: b.y },
];

/** How far a flood goes on over what is not quite alike: over soft rims, to their middle. */
const ALIKE = 127;

/** Fill what is connected to a pixel and alike. */
export function flood(mask: Mask, x: number, y: number, value: number): Edit {
  const edit = new Edit(mask);
  const { width, height, data } = mask;
  if (x < 0 || y < 0 || x >= width || y >= height) return edit;
  const start = data[y * width + x]!;
  const seen = new Uint8Array(width * height);
  const alike = (at: number): boolean => !seen[at] && Math.abs(data[at]! - start) <= ALIKE;
  const waiting = [y * width + x];
  while (waiting.length) {
    const seed = waiting.pop()!;
    if (!alike(seed)) continue;
    const row = seed - (seed % width);
    let [left, right] = [seed, seed + 1];
    while (left > row && alike(left - 1)) left--;
    while (right < row + width && alike(right)) right++;
    seen.fill(1, left, right);
    for (const next of [row - width, row + width]) {
      if (next < 0 || next >= width * height) continue;
      let open = false;
      for (let at = left - row + next; at < right - row + next; at++) {
        if (alike(at) && !open) waiting.push(at);
        open = alike(at);
      }
    }
    const line = row / width;
    edit.touch({ left: left - row, top: line, right: right - row, bottom: line + 1 });
    data.fill(value, left, right);
  }
  return edit;
}

/** Change each pixel by what it is. */
export function change(mask: Mask, make: (value: number) => number, box?: Box): Edit {
  const edit = new Edit(mask);
  const { left, top, right, bottom } = box ?? wholeOf(mask);
  edit.touch({ left, top, right, bottom });
  for (let y = top; y < bottom; y++)
    for (let at = y * mask.width + left; at < y * mask.width + right; at++)
      mask.data[at] = make(mask.data[at]!);
  return edit;
}

/** Soft edges: a Gaussian of about half the given pixels, as three means. */
export function feather(mask: Mask, pixels: number): Edit {
  const edit = new Edit(mask);
  const radius = Math.round(pixels / 2);
  if (radius < 1) return edit;
  edit.touch(wholeOf(mask));
  const { width, height, data } = mask;
  const other = new Uint8Array(data.length);
  for (let pass = 0; pass < 3; pass++) {
    means(data, other, { lines: height, line: width, count: width, step: 1 }, radius);
    means(other, data, { lines: width, line: 1, count: height, step: width }, radius);
  }
  return edit;
}

interface Walk {
  lines: number;
  line: number;
  count: number;
  step: number;
}

function means(
  from: Uint8Array,
  to: Uint8Array,
  { lines, line, count, step }: Walk,
  radius: number,
): void {
  const window = 2 * radius + 1;
  for (let one = 0; one < lines; one++) {
    const start = one * line;
    const at = (place: number): number =>
      from[start + Math.min(count - 1, Math.max(0, place)) * step]!;
    let sum = 0;
    for (let place = -radius; place <= radius; place++) sum += at(place);
    for (let place = 0; place < count; place++) {
      to[start + place * step] = Math.round(sum / window);
      sum += at(place + radius + 1) - at(place - radius);
    }
  }
}
