/** Comparing texts for a search: without case and accents, by words, by initials, roughly. */

import { initialsOf } from './pinyin';

/** Where a text matched, as `[start, end)` in UTF-16 units of the text as it is shown. */
export type Range = readonly [start: number, end: number];

/** A text made ready to be searched. Its units stand where those of the text itself stand. */
export interface Folded {
  readonly shown: string;
  readonly text: string;
}

/** A name, of which more is asked than whether it holds a word. */
export interface FoldedName extends Folded {
  /** Where its words begin; each Chinese character is a word. */
  readonly starts: readonly number[];
  /** For each word the letters that it may begin with: a Chinese one by its pinyin. */
  readonly initials: readonly string[];
}

const SEPARATOR = /[\s_.\-/·,:;()]/g;
const ASCII = /^[\0-\x7f]*$/;
const HAN = /\p{Script=Han}/u;
const MARKS = /^\p{M}+$/u;
const foldedUnits = new Map<string, string>();

/** Lower case without accents, separators as blanks: one unit for each, so that places stay. */
export function fold(text: string): string {
  const plain = ASCII.test(text)
    ? text.toLowerCase()
    : Array.from(units(text), foldedUnit).join('');
  return plain.replace(SEPARATOR, ' ');
}

function* units(text: string): Generator<string> {
  for (let at = 0; at < text.length; at += 1) yield text[at]!;
}

function foldedUnit(unit: string): string {
  const found = foldedUnits.get(unit);
  if (found !== undefined) return found;
  const [base, ...marks] = unit.normalize('NFKD');
  const plain = marks.length === 0 || MARKS.test(marks.join('')) ? base! : unit;
  const lower = plain.toLowerCase();
  const made = lower.length === 1 ? lower : unit;
  foldedUnits.set(unit, made);
  return made;
}

export const folded = (shown: string): Folded => ({ shown, text: fold(shown) });

export function foldedName(shown: string): FoldedName {
  const text = fold(shown);
  const starts: number[] = [];
  for (let at = 0; at < text.length; at += 1) if (beginsWord(shown, text, at)) starts.push(at);
  const initials = starts.map((at) => initialsOf(text[at]!) || text[at]!);
  return { shown, text, starts, initials };
}

/** One bit for each letter and digit, the rest in groups: which signs the parts of a text need. */
export function signs(texts: Iterable<string>): number {
  let made = 0;
  for (const text of texts) {
    for (let at = 0; at < text.length; at += 1) {
      const code = text.charCodeAt(at);
      // a to z are bits 0 to 25; a blank needs no bit, since it may be left out.
      if (code >= 0x61 && code <= 0x7a) made |= 1 << (code - 0x61);
      else if (code !== 0x20) made |= 1 << (26 + (code % 6));
    }
  }
  return made;
}

/** How many signs of the second are missing in the first. */
export function missing(has: number, needs: number): number {
  let count = 0;
  for (let left = needs & ~has; left !== 0; left &= left - 1) count += 1;
  return count;
}

function beginsWord(shown: string, text: string, at: number): boolean {
  const unit = text[at]!;
  if (unit === ' ') return false;
  const before = text[at - 1] ?? ' ';
  if (before === ' ' || isHan(unit) || isHan(before)) return true;
  if (isDigit(unit)) return !isDigit(before);
  return isUpper(shown[at]!) && !isUpper(shown[at - 1]!);
}

const isDigit = (sign: string): boolean => sign >= '0' && sign <= '9';

const isUpper = (sign: string): boolean => sign !== sign.toLowerCase();

const isHan = (unit: string): boolean => unit >= '\u2e80' && HAN.test(unit);

/** Where each of some words is the beginning of a word of the text; null if one of them is not. */
export function wordPrefixes(text: Folded, words: readonly string[]): Range[] | null {
  const found: Range[] = [];
  for (const word of words) {
    let start = text.text.indexOf(word);
    while (start >= 0 && !beginsWord(text.shown, text.text, start)) {
      start = text.text.indexOf(word, start + 1);
    }
    if (start < 0) return null;
    found.push([start, start + word.length]);
  }
  return found;
}

/** Where letters are the initials of words in a row: `gb` in "Gaussian Blur", `gsmh` in "高斯模糊". */
export function initialsMatch(text: FoldedName, letters: string): Range[] | null {
  const last = text.initials.length - letters.length;
  for (let first = 0; first <= last; first += 1) {
    let count = 0;
    while (count < letters.length && text.initials[first + count]!.includes(letters[count]!)) {
      count += 1;
    }
    if (count === letters.length) {
      return joined(text.starts.slice(first, first + count).map((at) => [at, at + 1]));
    }
  }
  return null;
}

/** A subsequence may be spread over so many times its length: else it is met by chance. */
const SPREAD = 3;

/** Where letters stand one after the other with gaps, beginning at a word: `gsnblr`. */
export function subsequence(text: FoldedName, letters: string): Range[] | null {
  let best: Range[] | null = null;
  for (const start of text.starts) {
    if (text.text[start] !== letters[0]) continue;
    const found = from(text.text, letters, start);
    if (found && (best === null || found.length < best.length)) best = found;
  }
  return best;
}

function from(text: string, letters: string, start: number): Range[] | null {
  const found: Range[] = [];
  let at = start;
  for (const letter of letters) {
    at = text.indexOf(letter, at);
    if (at < 0 || at - start > letters.length * SPREAD) return null;
    found.push([at, at + 1]);
    at += 1;
  }
  return joined(found);
}

/** A word with a slip in it is recognised from this length on. */
const LONG_ENOUGH = 4;

/** As {@link wordPrefixes}, but each word may have one letter wrong, missing, too many or swapped. */
export function almostPrefixes(text: FoldedName, words: readonly string[]): Range[] | null {
  const found: Range[] = [];
  for (const word of words) {
    let range: Range | null = null;
    for (const start of text.starts) {
      const end = almostPrefix(text.text, start, word);
      if (end > start) {
        range = [start, end];
        break;
      }
    }
    if (range === null) return null;
    found.push(range);
  }
  return found;
}

/** Where the word ends that begins at `at` of the text, allowing for one slip; -1 if it does not. */
function almostPrefix(text: string, at: number, word: string): number {
  let same = 0;
  while (same < word.length && text[at + same] === word[same]) same += 1;
  if (same === word.length) return at + same;
  if (same === 0 || word.length < LONG_ENOUGH) return -1;
  const here = at + same;
  const swapped = word[same] === text[here + 1] && word[same + 1] === text[here];
  // What is left of the word after the slip, and where in the text it has to stand.
  const ways: readonly (readonly [string, number])[] = [
    ...(swapped ? [[word.slice(same + 2), here + 2] as const] : []),
    [word.slice(same + 1), here + 1],
    [word.slice(same + 1), here],
    [word.slice(same), here + 1],
  ];
  for (const [rest, place] of ways) {
    if (text.startsWith(rest, place)) return Math.min(place + rest.length, text.length);
  }
  return -1;
}

/** Ranges in order, those that touch or overlap made one. */
export function joined(ranges: readonly Range[]): Range[] {
  const made: [number, number][] = [];
  for (const [start, end] of [...ranges].sort((a, b) => a[0] - b[0])) {
    const last = made.at(-1);
    if (last && start <= last[1]) last[1] = Math.max(last[1], end);
    else made.push([start, end]);
  }
  return made;
}
