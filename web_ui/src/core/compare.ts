/** What is different between two documents, in the words that a user thinks in. */

import { graphOf, nodesOf, type WorkflowDocument } from './document';
import { canonical } from './canonical';
import type { Json } from './document';

export type Difference = {
  kind: 'added' | 'removed' | 'values' | 'links' | 'type' | 'state' | 'interface' | 'look';
  /** The definition it is in; `""` is the workflow itself. */
  graph: string;
  /** The node, where it is about one. */
  node?: string;
  /** The ports whose values or links differ. */
  ports?: string[];
};

const same = (a: unknown, b: unknown): boolean =>
  a === b || (a !== undefined && b !== undefined && canonical(a as Json) === canonical(b as Json));

const differing = (a: object = {}, b: object = {}): string[] =>
  [...new Set([...Object.keys(a), ...Object.keys(b)])].filter(
    (key) => !same((a as Record<string, unknown>)[key], (b as Record<string, unknown>)[key]),
  );

/** What has to be done to `before` to get `after`. */
export function differences(before: WorkflowDocument, after: WorkflowDocument): Difference[] {
  const names = ['', ...differing(before.graphs, after.graphs)];
  return names.flatMap((graph) => inGraph(before, after, graph));
}

const inGraph = (
  before: WorkflowDocument,
  after: WorkflowDocument,
  graph: string,
): Difference[] => {
  const [a, b] = [graphOf(before, graph), graphOf(after, graph)];
  const found: Difference[] = [];
  for (const node of differing(a.nodes, b.nodes)) {
    const [was, is] = [nodesOf(a)[node], nodesOf(b)[node]];
    if (!was) found.push({ kind: 'added', graph, node });
    else if (!is) found.push({ kind: 'removed', graph, node });
    else if (was.type !== is.type) found.push({ kind: 'type', graph, node });
    else {
      const values = differing(was.values, is.values);
      const links = differing(was.links, is.links);
      if (values.length) found.push({ kind: 'values', graph, node, ports: values });
      if (links.length) found.push({ kind: 'links', graph, node, ports: links });
      if (!values.length && !links.length) found.push({ kind: 'state', graph, node });
    }
  }
  const names = [...differing(a.inputs, b.inputs), ...differing(a.outputs, b.outputs)];
  if (names.length) found.push({ kind: 'interface', graph, ports: names });
  if (!same(a.canvas, b.canvas)) found.push({ kind: 'look', graph });
  return found;
};
