/** What a document is called. */

import type { DocumentState } from '@/state/document';

/** Its name in the library, or its own; empty if it has none. */
export const nameOf = (state: Pick<DocumentState, 'document' | 'origin'>): string =>
  state.origin?.name ?? state.document.name ?? '';

/** A name that is not taken: `name`, `name 2` and on. */
export const freeName = (name: string, taken: Iterable<string>): string => {
  const known = new Set(taken);
  if (!known.has(name)) return name;
  let count = 2;
  while (known.has(`${name} ${count}`)) count += 1;
  return `${name} ${count}`;
};

/** The name of a file that can stand on any disk. */
export const fileName = (name: string): string =>
  name.replace(/[\\/:*?"<>|\x00-\x1f]+/g, '_').trim() || 'workflow';
