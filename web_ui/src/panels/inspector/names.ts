/** Why something cannot be called so, as a key of the texts; null if it can. */

const ID = /^[A-Za-z_][A-Za-z0-9_-]{0,63}$/;
const NAME = /^[A-Za-z_][A-Za-z0-9_]{0,63}$/;

export type NameFault = 'name.empty' | 'name.letters' | 'name.taken';

type Taken = object | undefined;

const fault = (pattern: RegExp, text: string, taken: Taken): NameFault | null => {
  if (!text) return 'name.empty';
  if (!pattern.test(text)) return 'name.letters';
  return taken && Object.hasOwn(taken, text) ? 'name.taken' : null;
};

/** For ids of nodes and names of subgraphs. */
export const idFault = (text: string, taken: Taken): NameFault | null => fault(ID, text, taken);

/** For named inputs and outputs: they are ports of a subgraph. */
export const portFault = (text: string, taken: Taken): NameFault | null => fault(NAME, text, taken);
