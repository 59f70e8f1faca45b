/** A line drawn with a round brush. */

import { Edit, inside, type Box, type Mask } from './tiles';

export interface Dot {
  x: number;
  y: number;
  radius: number;
}

/** How much a brush covers at a distance from its middle: 1 up to its hard part, 0 at its rim. */
export function coverage(distance: number, radius: number, hardness: number): number {
  const rim = Math.min(1, Math.max(0, radius + 0.5 - distance));
  const hard = radius * hardness;
  if (distance <= hard || hard >= radius) return rim;
  const fall = Math.min(1, (distance - hard) / (radius - hard));
  return rim * (1 - fall * fall * (3 - 2 * fall));
}

/**
 * A stroke covers a pixel once, however often it passes: so a soft rim stays soft where a line
 * turns back on itself.
 */
export class Stroke {
  readonly edit: Edit;
  private readonly covered: Uint8Array;
  private last: Dot | null = null;

  constructor(
    private readonly mask: Mask,
    /** 255 paints, 0 erases. */
    private readonly value: number,
    private readonly hardness: number,
  ) {
    this.edit = new Edit(mask);
    this.covered = new Uint8Array(mask.width * mask.height);
  }

  /** Go on to a place; what was changed, or null if all of it is outside. */
  to(dot: Dot): Box | null {
    const from = this.last ?? dot;
    this.last = dot;
    const reach = Math.max(from.radius, dot.radius) + 1;
    const box = inside(this.mask, {
      left: Math.min(from.x, dot.x) - reach,
      top: Math.min(from.y, dot.y) - reach,
      right: Math.max(from.x, dot.x) + reach,
      bottom: Math.max(from.y, dot.y) + reach,
    });
    if (!box) return null;
    this.edit.touch(box);
    this.paint(from, dot, box);
    return box;
  }

  private paint(from: Dot, to: Dot, box: Box): void {
    const { data, width } = this.mask;
    const [along, down] = [to.x - from.x, to.y - from.y];
    const length = along * along + down * down;
    for (let y = box.top; y < box.bottom; y++)
      for (let x = box.left; x < box.right; x++) {
        // To the middle of the pixel.
        const [dx, dy] = [x + 0.5 - from.x, y + 0.5 - from.y];
        const share = length ? Math.min(1, Math.max(0, (dx * along + dy * down) / length)) : 0;
        const distance = Math.hypot(dx - share * along, dy - share * down);
        const radius = from.radius + (to.radius - from.radius) * share;
        const covers = Math.round(coverage(distance, radius, this.hardness) * 255);
        const at = y * width + x;
        if (covers <= this.covered[at]!) continue;
        this.covered[at] = covers;
        const before = this.edit.before(x, y);
        data[at] = Math.round(before + ((this.value - before) * covers) / 255);
      }
  }
}
