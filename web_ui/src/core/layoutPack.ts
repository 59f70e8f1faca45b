/** Where the parts of a graph that no link joins stand beside each other. */

interface Size {
  readonly width: number;
  readonly height: number;
}

/** Wider than high by this, as screens are. */
const ASPECT = 1.6;

/** Top left corners, in rows: as they come, but never wider than the widest or than a screen's shape. */
export function pack(parts: readonly Size[], gap: number): { x: number; y: number }[] {
  let area = 0;
  let widest = 0;
  for (const { width, height } of parts) {
    area += (width + gap) * (height + gap);
    widest = Math.max(widest, width);
  }
  const limit = Math.max(widest, Math.sqrt(area * ASPECT));
  let [x, y, rowHeight] = [0, 0, 0];
  return parts.map(({ width, height }) => {
    if (x > 0 && x + width > limit) {
      y += rowHeight + gap;
      [x, rowHeight] = [0, 0];
    }
    const corner = { x, y };
    x += width + gap;
    rowHeight = Math.max(rowHeight, height);
    return corner;
  });
}
