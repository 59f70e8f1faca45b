/** A mask, and changes to it that can be taken back: only the tiles that were touched are kept. */

export interface Mask {
  readonly width: number;
  readonly height: number;
  /** One byte a pixel, row by row: 0 is out, 255 is in. */
  readonly data: Uint8Array;
}

/** Whole pixels: from `left`, `top` up to, not including, `right`, `bottom`. */
export interface Box {
  left: number;
  top: number;
  right: number;
  bottom: number;
}

export const TILE = 128;

export const newMask = (width: number, height: number): Mask => ({
  width,
  height,
  data: new Uint8Array(width * height),
});

export const wholeOf = ({ width, height }: Mask): Box => ({
  left: 0,
  top: 0,
  right: width,
  bottom: height,
});

/** The part of a box that is inside a mask; null if none is. */
export function inside({ width, height }: Mask, box: Box): Box | null {
  const cut = {
    left: Math.max(0, Math.floor(box.left)),
    top: Math.max(0, Math.floor(box.top)),
    right: Math.min(width, Math.ceil(box.right)),
    bottom: Math.min(height, Math.ceil(box.bottom)),
  };
  return cut.left < cut.right && cut.top < cut.bottom ? cut : null;
}

export const union = (a: Box | null, b: Box): Box =>
  a
    ? {
        left: Math.min(a.left, b.left),
        top: Math.min(a.top, b.top),
        right: Math.max(a.right, b.right),
        bottom: Math.max(a.bottom, b.bottom),
      }
    : b;

/** One change of a mask. */
export class Edit {
  /** What the tiles held before, by their number. */
  private tiles = new Map<number, Uint8Array>();
  box: Box | null = null;

  constructor(readonly mask: Mask) {}

  private get across(): number {
    return Math.ceil(this.mask.width / TILE);
  }

  get bytes(): number {
    let sum = 0;
    for (const tile of this.tiles.values()) sum += tile.length;
    return sum;
  }

  private boxOf(tile: number): Box {
    const left = (tile % this.across) * TILE;
    const top = Math.floor(tile / this.across) * TILE;
    return {
      left,
      top,
      right: Math.min(this.mask.width, left + TILE),
      bottom: Math.min(this.mask.height, top + TILE),
    };
  }

  private read(tile: number): Uint8Array {
    const { left, top, right, bottom } = this.boxOf(tile);
    const copy = new Uint8Array((right - left) * (bottom - top));
    for (let y = top; y < bottom; y++) {
      const row = y * this.mask.width;
      copy.set(this.mask.data.subarray(row + left, row + right), (y - top) * (right - left));
    }
    return copy;
  }

  private write(tile: number, from: Uint8Array): void {
    const { left, top, right, bottom } = this.boxOf(tile);
    const wide = right - left;
    for (let y = top; y < bottom; y++)
      this.mask.data.set(
        from.subarray((y - top) * wide, (y - top + 1) * wide),
        y * this.mask.width + left,
      );
  }

  /** Keep what a box holds; to be called before it is changed. */
  touch(box: Box): void {
    this.box = union(this.box, box);
    for (let y = Math.floor(box.top / TILE); y * TILE < box.bottom; y++)
      for (let x = Math.floor(box.left / TILE); x * TILE < box.right; x++) {
        const tile = y * this.across + x;
        if (!this.tiles.has(tile)) this.tiles.set(tile, this.read(tile));
      }
  }

  /** What a pixel held before the change. */
  before(x: number, y: number): number {
    const tile = Math.floor(y / TILE) * this.across + Math.floor(x / TILE);
    const kept = this.tiles.get(tile);
    if (!kept) return this.mask.data[y * this.mask.width + x]!;
    const { left, top, right } = this.boxOf(tile);
    return kept[(y - top) * (right - left) + (x - left)]!;
  }

  /** Take the change back; once more, and it is made again. */
  swap(): void {
    for (const [tile, kept] of this.tiles) {
      const now = this.read(tile);
      this.write(tile, kept);
      this.tiles.set(tile, now);
    }
  }
}

/** Bytes of tiles that are kept; beyond it the oldest changes cannot be taken back. */
const MOST_BYTES = 192 << 20;

export class EditHistory {
  private past: Edit[] = [];
  private future: Edit[] = [];

  constructor(private readonly most = MOST_BYTES) {}

  add(edit: Edit): void {
    if (!edit.box) return;
    this.past.push(edit);
    this.future = [];
    let bytes = this.past.reduce((sum, one) => sum + one.bytes, 0);
    while (bytes > this.most && this.past.length > 1) bytes -= this.past.shift()!.bytes;
  }

  /** What has to be drawn anew; null if there was nothing to take back. */
  undo(): Box | null {
    const edit = this.past.pop();
    if (!edit) return null;
    edit.swap();
    this.future.push(edit);
    return edit.box;
  }

  redo(): Box | null {
    const edit = this.future.pop();
    if (!edit) return null;
    edit.swap();
    this.past.push(edit);
    return edit.box;
  }

  get canUndo(): boolean {
    return this.past.length > 0;
  }

  get canRedo(): boolean {
    return this.future.length > 0;
  }
}
