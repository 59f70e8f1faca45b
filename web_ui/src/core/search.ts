/**
 * The search for nodes: ranks what a query finds by its names in all languages, their initials, its
 * aliases and its description. Pure, and quick enough to be asked for each key that is pressed.
 */

import type { Filter } from './searchQuery';
import { parseQuery } from './searchQuery';
import type { Folded, FoldedName, Range } from './searchText';
import {
  almostPrefixes,
  fold,
  folded,
  foldedName,
  initialsMatch,
  joined,
  missing,
  signs,
  subsequence,
  wordPrefixes,
} from './searchText';

/** What is known of something that can be found: a node type, or a frame, a note, a graph. */
export interface Entry {
  readonly id: string;
  readonly pack: string;
  readonly category?: string;
  /** Its name in the language of the page. */
  readonly title: string;
  /** Its names in the other languages. */
  readonly titles?: readonly string[];
  readonly text?: string;
  /** Whether it is one of hundreds that a program made: those made by hand come before it. */
  readonly generated?: boolean;
  readonly aliases?: readonly string[];
  /** The text forms of the types of its ports. */
  readonly inputs: readonly string[];
  readonly outputs: readonly string[];
}

/**
 * How well an entry is found, the best first. `exact`, `prefix`: the query is a name or begins one;
 * `word`: its words begin words of a name; `initials`: it is initials of a name; `fuzzy`: it stands
 * inside a name, with gaps or with a slip; `other`: in aliases or the description.
 */
export const RANKS = ['exact', 'prefix', 'word', 'initials', 'fuzzy', 'other'] as const;
export type Rank = (typeof RANKS)[number];

export interface Result<E extends Entry = Entry> {
  readonly entry: E;
  /** `null` where the query has no words. */
  readonly rank: Rank | null;
  /** The text that matched: the title, or what has to be shown beside it to say why it is here. */
  readonly shown: string;
  readonly field: 'title' | 'titles' | 'id' | 'aliases' | 'text';
  /** Which parts of `shown` matched. */
  readonly ranges: readonly Range[];
}

export interface Found<E extends Entry = Entry> {
  readonly words: string;
  readonly filters: readonly Filter[];
  /** The best, at most `limit` of them. */
  readonly results: readonly Result<E>[];
  /** How many there are in all. */
  readonly total: number;
}

export interface SearchOptions<E extends Entry = Entry> {
  /** Ids used lately, the latest first: on a tie they come first. */
  readonly recent?: readonly string[];
  /** Whether an entry may be offered at all, such as one that takes what a link carries. */
  readonly accepts?: (entry: E) => boolean;
  readonly limit?: number;
}

type Field = Result['field'];
type Name = FoldedName & { readonly field: Field };
type Text = Folded & { readonly field: Field };

interface Prepared<E extends Entry> {
  readonly entry: E;
  readonly names: readonly Name[];
  /** The id with its pack: a name only for who types both, or all of a pack would be found by it. */
  readonly qualified: readonly Name[];
  readonly rest: readonly Text[];
  /** Which signs stand in its names or are their initials: the rest need not be looked for. */
  readonly signs: number;
  readonly inputs: readonly string[];
  readonly outputs: readonly string[];
  readonly pack: string;
  readonly category: string;
  /** Its place in the order of titles. */
  readonly place: number;
}

export interface Index<E extends Entry = Entry> {
  readonly prepared: readonly Prepared<E>[];
}

export function makeIndex<E extends Entry>(entries: readonly E[]): Index<E> {
  // By pinyin, which puts Latin letters first: one order for titles of either language.
  const { compare } = new Intl.Collator('zh-u-co-pinyin', { numeric: true });
  const byTitle = [...entries].sort((a, b) => compare(a.title, b.title) || compare(a.id, b.id));
  return { prepared: byTitle.map(prepare) };
}

function prepare<E extends Entry>(entry: E, place: number): Prepared<E> {
  const named = (shown: string, field: Field): Name => ({ ...foldedName(shown), field });
  const said = (shown: string, field: Field): Text => ({ ...folded(shown), field });
  const titles = [
    named(entry.title, 'title'),
    ...(entry.titles ?? []).map((title) => named(title, 'titles')),
  ];
  const id = named(entry.id, 'id');
  const tail = named(entry.id.slice(entry.id.indexOf('.') + 1), 'id');
  const names = titles.some(({ text }) => text === tail.text) ? titles : [...titles, tail];
  const aliases = (entry.aliases ?? []).map((alias) => said(alias, 'aliases'));
  return {
    entry,
    place,
    names,
    qualified: [...names, id],
    signs: signs([...names, id].flatMap(({ text, initials }) => [text, ...initials])),
    rest: [...aliases, id, ...(entry.text ? [said(entry.text, 'text')] : [])],
    inputs: typeNames(entry.inputs),
    outputs: typeNames(entry.outputs),
    pack: fold(entry.pack),
    category: fold(entry.category ?? ''),
  };
}

/** `list[Image] | None` → `image`: what a filter asks of a type is what it is made of. */
const typeNames = (types: readonly string[]): string[] =>
  types.flatMap((text) => {
    const name = /^(?:list\[)*([A-Za-z_][\w.]*)/.exec(text)?.[1];
    return name ? [fold(name)] : [];
  });

interface Match {
  readonly rank: Rank;
  /** Within a rank: the less the better, before recency. */
  readonly gaps: number;
  readonly name: Text;
  readonly ranges: readonly Range[];
}

/** More than there can be: a query is shorter. */
const MAX_GAPS = 1000;

interface Candidate<E extends Entry> {
  readonly one: Prepared<E>;
  readonly match: Match | null;
  /** By rank, then by gaps: the less the better. */
  readonly weight: number;
  /** How long ago it was used; infinite for never. */
  readonly age: number;
}

/** What a query finds, the best first. */
export function search<E extends Entry>(
  index: Index<E>,
  query: string,
  { recent = [], accepts, limit = 200 }: SearchOptions<E> = {},
): Found<E> {
  const { words, filters } = parseQuery(query);
  const asked = ask(words);
  const ages = new Map(recent.map((id, age) => [id, age]));
  const found: Candidate<E>[] = [];
  for (const one of index.prepared) {
    if (!filters.every((filter) => passes(one, filter)) || accepts?.(one.entry) === false) continue;
    const match = asked && bestMatch(one, asked);
    if (asked && !match) continue;
    const weight = match ? RANKS.indexOf(match.rank) * MAX_GAPS + match.gaps : 0;
    found.push({ one, match, weight, age: ages.get(one.entry.id) ?? Infinity });
  }
  found.sort(compareCandidates);
  return { words, filters, results: found.slice(0, limit).map(resultOf), total: found.length };
}

function passes(one: Prepared<Entry>, { kind, value }: Filter): boolean {
  const asked = fold(value);
  if (kind === 'in') return one.inputs.some((name) => name.startsWith(asked));
  if (kind === 'out') return one.outputs.some((name) => name.startsWith(asked));
  const text = kind === 'pack' ? one.pack : one.category;
  return text.startsWith(asked) || (kind === 'cat' && text.includes(` ${asked}`));
}

interface Asked {
  readonly whole: string;
  readonly words: readonly string[];
  /** Without blanks. */
  readonly letters: string;
  readonly signs: number;
}

function ask(text: string): Asked | null {
  const words = fold(text).split(' ').filter(Boolean);
  if (!words.length) return null;
  return { whole: words.join(' '), words, letters: words.join(''), signs: signs(words) };
}

type Way = (name: Name, asked: Asked) => Omit<Match, 'name'> | null;

const withSlips: Way = (name, { words }) => matched('fuzzy', almostPrefixes(name, words), 1);

/** From the best to the weakest. */
const WAYS: readonly Way[] = [
  (name, { whole }) => (name.text === whole ? matched('exact', [[0, whole.length]]) : null),
  (name, { whole }) =>
    name.text.startsWith(whole) ? matched('prefix', [[0, whole.length]]) : null,
  (name, { words }) => matched('word', wordPrefixes(name, words)),
  (name, { letters }) => matched('initials', initialsMatch(name, letters)),
  (name, { whole }) => {
    const start = whole.length > 1 ? name.text.indexOf(whole) : -1;
    return start < 0 ? null : matched('fuzzy', [[start, start + whole.length]]);
  },
  (name, { letters }) => {
    const ranges = letters.length > 1 ? subsequence(name, letters) : null;
    return matched('fuzzy', ranges, ranges?.length);
  },
  withSlips,
];

const matched = (rank: Rank, ranges: readonly Range[] | null, gaps = 0) =>
  ranges && { rank, ranges, gaps };

function bestMatch(one: Prepared<Entry>, asked: Asked): Match | null {
  // A slip may bring in one letter that is not in the name, for each word; nothing else may.
  const unknown = missing(one.signs, asked.signs);
  const ways = unknown === 0 ? WAYS : unknown <= asked.words.length ? [withSlips] : [];
  for (const way of ways) {
    for (const name of asked.words.length > 1 ? one.qualified : one.names) {
      const match = way(name, asked);
      if (match) return { ...match, name };
    }
  }
  return otherMatch(one, asked);
}

/** In an alias, the id or the description: all words in one of them, or each somewhere. */
function otherMatch(one: Prepared<Entry>, { words, letters }: Asked): Match | null {
  // One Latin letter begins a word of nearly every description.
  if (letters.length === 1 && letters <= 'z') return null;
  for (const name of one.rest) {
    const ranges = wordPrefixes(name, words);
    if (ranges) return { rank: 'other', gaps: name.field === 'text' ? 1 : 0, name, ranges };
  }
  if (words.length < 2) return null;
  const everywhere = [...one.names, ...one.rest];
  const all = words.every((word) => everywhere.some((name) => wordPrefixes(name, [word])));
  return all ? { rank: 'other', gaps: 2, name: one.names[0]!, ranges: [] } : null;
}

function compareCandidates(a: Candidate<Entry>, b: Candidate<Entry>): number {
  if (a.weight !== b.weight) return a.weight - b.weight;
  if (a.age !== b.age) return a.age - b.age;
  const made = Number(a.one.entry.generated ?? false) - Number(b.one.entry.generated ?? false);
  if (made) return made;
  const shorter = (a.match?.name.text.length ?? 0) - (b.match?.name.text.length ?? 0);
  return shorter || a.one.place - b.one.place;
}

function resultOf<E extends Entry>({ one, match }: Candidate<E>): Result<E> {
  if (!match) {
    return { entry: one.entry, rank: null, shown: one.entry.title, field: 'title', ranges: [] };
  }
  const { rank, name, ranges } = match;
  return { entry: one.entry, rank, shown: name.shown, field: name.field, ranges: joined(ranges) };
}
