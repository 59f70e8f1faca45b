/** The order in which nodes run, as far as links say: sources first. */

import { edgesInto, nodesOf, type GraphDocument } from './document';

/** The ids of a graph, every node after those that it is linked to; circles as they stand. */
export const runningOrder = (graph: GraphDocument): string[] => {
  const nodes = nodesOf(graph);
  const waiting = new Map<string, number>();
  const below = new Map<string, string[]>();
  for (const [id, node] of Object.entries(nodes)) {
    const sources = new Set(
      edgesInto(id, node)
        .map((edge) => edge.source)
        .filter((one) => Object.hasOwn(nodes, one)),
    );
    waiting.set(id, sources.size);
    for (const source of sources) below.set(source, [...(below.get(source) ?? []), id]);
  }
  const order = [...waiting].filter(([, count]) => count === 0).map(([id]) => id);
  for (let place = 0; place < order.length; place += 1)
    for (const next of below.get(order[place]!) ?? []) {
      waiting.set(next, waiting.get(next)! - 1);
      if (waiting.get(next) === 0) order.push(next);
    }
  const found = new Set(order);
  return [...order, ...Object.keys(nodes).filter((id) => !found.has(id))];
};
