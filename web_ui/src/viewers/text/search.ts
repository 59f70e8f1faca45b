/** Finding words in a text. */

/** Where a word begins, in any case; at most `most` places. */
export function findAll(text: string, query: string, most = 5000): number[] {
  const found: number[] = [];
  if (!query) return found;
  // Lower case can be longer than what it is of ("İ"): then places would not be those of the text.
  const lower = text.toLowerCase();
  const same = lower.length === text.length;
  const [hay, needle] = same ? [lower, query.toLowerCase()] : [text, query];
  for (let at = hay.indexOf(needle); at >= 0 && found.length < most;)
    at = (found.push(at), hay.indexOf(needle, at + needle.length));
  return found;
}

export interface Block {
  start: number;
  text: string;
}

/** A text in blocks of whole lines, so that what is not seen need not be laid out. */
export function blocksOf(text: string, size = 8000): Block[] {
  const blocks: Block[] = [];
  for (let start = 0; start < text.length;) {
    const line = text.indexOf('\n', start + size);
    const end = line < 0 ? text.length : line + 1;
    // A single line may be as long as the text.
    const stop = end - start > size * 4 ? start + size : end;
    blocks.push({ start, text: text.slice(start, stop) });
    start = stop;
  }
  return blocks;
}

export interface Piece {
  text: string;
  /** Which of the places found it is; undefined for what stands between them. */
  found?: number;
}

/** A block with the found words apart. A word that goes on in the next block ends with this one. */
export function piecesOf(block: Block, found: readonly number[], length: number): Piece[] {
  const pieces: Piece[] = [];
  const end = block.start + block.text.length;
  let at = block.start;
  const cut = (from: number, to: number): string =>
    block.text.slice(from - block.start, to - block.start);
  for (let index = firstAfter(found, block.start - length); index < found.length; index++) {
    const from = Math.max(at, found[index]!);
    const to = Math.min(end, found[index]! + length);
    if (from >= end) break;
    if (to <= from) continue;
    if (from > at) pieces.push({ text: cut(at, from) });
    pieces.push({ text: cut(from, to), found: index });
    at = to;
  }
  if (at < end) pieces.push({ text: cut(at, end) });
  return pieces;
}

const firstAfter = (sorted: readonly number[], value: number): number => {
  let [low, high] = [0, sorted.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if (sorted[middle]! > value) high = middle;
    else low = middle + 1;
  }
  return low;
};
