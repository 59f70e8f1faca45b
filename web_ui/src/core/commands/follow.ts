/** Giving ports other names in all that names them: links, named inputs and outputs, bends. */

import {
  itemKind,
  nodesOf,
  sourcesOf,
  targetsOf,
  type CanvasSection,
  type GraphDocument,
  type InputDocument,
  type LinkText,
  type NodeDocument,
} from '../document';
import { assign, mapValues } from '../records';

/** The new name of a port, or null for what is gone. */
export type Naming = (port: string) => string | null;

/** A node with each of its links' sources put through a change; a source that becomes null is cut. */
export const relinked = (node: NodeDocument, change: Naming): NodeDocument => {
  if (!node.links) return node;
  const links = mapValues<LinkText>(node.links, (link) => {
    const sources = sourcesOf(link);
    const changed = sources.map(change);
    if (changed.every((source, index) => source === sources[index])) return link;
    const left = changed.filter((source) => source !== null);
    return left.length === 0 ? undefined : left.length === 1 ? left[0] : left;
  });
  return assign(node, 'links', links);
};

const retargeted = (input: InputDocument, target: Naming): InputDocument | undefined => {
  const before = targetsOf(input);
  const after = [...new Set(before.map(target).filter((one) => one !== null))];
  if (after.join() === before.join()) return input;
  if (!after.length) return undefined;
  return { ...input, to: typeof input.to === 'string' ? after[0]! : after };
};

const rerouted = (canvas: CanvasSection, source: Naming, target: Naming): CanvasSection => {
  let after = canvas;
  if (canvas.reroutes)
    after = assign(
      after,
      'reroutes',
      mapValues(canvas.reroutes, (one) =>
        itemKind(one.source) === 'reroute'
          ? one
          : assign(one, 'source', source(one.source) ?? one.source),
      ),
    );
  if (!canvas.routes) return after;
  const routes = Object.entries(canvas.routes).flatMap(([end, through]): [string, string][] => {
    const [port, place] = end.split('#') as [string, string?];
    const to = target(port);
    return to === null ? [] : [[place === undefined ? to : `${to}#${place}`, through]];
  });
  return assign(after, 'routes', Object.fromEntries(routes));
};

const same: Naming = (port) => port;

/** A graph in which what is linked from (`source`) and to (`target`) has other names. */
export const follow = (
  graph: GraphDocument,
  { source = same, target = same }: { source?: Naming; target?: Naming },
): GraphDocument => {
  let made = assign(
    graph,
    'nodes',
    mapValues(nodesOf(graph), (node) => relinked(node, source)),
  );
  if (graph.inputs)
    made = assign(
      made,
      'inputs',
      mapValues(graph.inputs, (input) => retargeted(input, target)),
    );
  if (graph.outputs)
    made = assign(
      made,
      'outputs',
      mapValues(graph.outputs, (port) => source(port) ?? undefined),
    );
  return graph.canvas ? assign(made, 'canvas', rerouted(graph.canvas, source, target)) : made;
};
