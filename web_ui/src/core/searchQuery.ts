/** What is typed into the search for nodes: words, and filters such as `in:image pack:core`. */

export type FilterKind = 'in' | 'out' | 'pack' | 'cat';

/** A filter, and where in the query it stands. */
export interface Filter {
  readonly kind: FilterKind;
  readonly value: string;
  readonly start: number;
  readonly end: number;
}

export interface Query {
  /** What is left of the query without its filters. */
  readonly words: string;
  readonly filters: readonly Filter[];
}

// A Chinese keyboard writes the colon full-width. Quotes hold a value with blanks together.
const FILTER = /(?<![^\s])(in|out|pack|cat)[:：](?:"([^"]*)"?|(\S*))/gi;

/** Filters without a value yet are no filters, and no words either. */
export function parseQuery(text: string): Query {
  const filters: Filter[] = [];
  const words = text.replace(FILTER, (all, kind: string, quoted, bare, start: number) => {
    const value = ((quoted ?? bare) as string).trim();
    const end = start + all.length;
    if (value) filters.push({ kind: kind.toLowerCase() as FilterKind, value, start, end });
    return ' ';
  });
  return { words: words.trim().replace(/\s+/g, ' '), filters };
}

/** The query without one of its filters: what removing its chip leaves. */
export function withoutFilter(text: string, filter: Filter): string {
  const before = text.slice(0, filter.start).trimEnd();
  const after = text.slice(filter.end).trimStart();
  return before && after ? `${before} ${after}` : before || after;
}
