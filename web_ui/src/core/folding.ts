/** Which inputs of a node are folded away: rarely set, and at the moment nothing to look at. */

import type { Port } from './catalogue';
import type { NodeDocument } from './document';
import type { NodePorts } from './ports';

export interface Foldable {
  ports: NodePorts;
  node: NodeDocument;
  bound?: Readonly<Record<string, unknown>>;
}

/** The line that stands for them takes the place of one: a single one may as well stand there. */
const LEAST = 2;

/**
 * The inputs that the fold of a node holds, open or not. What is linked, set (be it to the
 * default) or an input of the workflow is none of them.
 */
export const foldedInputs = ({ ports, node, bound = {} }: Foldable): readonly Port[] => {
  const has = (record: object | undefined, name: string): boolean =>
    record !== undefined && Object.hasOwn(record, name);
  const found = ports.inputs.filter(
    ({ advanced, name }) =>
      advanced && !has(node.links, name) && !has(node.values, name) && !has(bound, name),
  );
  return found.length < LEAST ? [] : found;
};
