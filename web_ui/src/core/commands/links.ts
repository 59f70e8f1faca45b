/** Commands that make and cut links. */

import { assign, drop, mapValues, put } from '../records';
import {
  canvasOf,
  graphOf,
  joinPort,
  nodesOf,
  sourcesOf,
  splitPort,
  targetsOf,
  withGraph,
  type GraphDocument,
  type LinkText,
  type NodeDocument,
  type WorkflowDocument,
} from '../document';
import { changeLayout, changeNode } from './nodes';

export interface Connect {
  do: 'connect';
  graph: string;
  from: string;
  to: string;
  /** Put among the links of a port that takes a list, at this place (its end if null), not in their stead. */
  among?: number | null;
}

export interface Disconnect {
  do: 'disconnect';
  graph: string;
  to: string;
  /** Which of several links; all if left out. */
  index?: number;
}

export interface ReorderLinks {
  do: 'reorderLinks';
  graph: string;
  to: string;
  sources: string[];
}

/** Link a port. A value that stood there is kept for when the link is cut; a named input lets go of it. */
export const connect = (document: WorkflowDocument, command: Connect): WorkflowDocument => {
  const { node: id, port } = splitPort(command.to);
  if (!Object.hasOwn(nodesOf(graphOf(document, command.graph)), id)) return document;
  return withGraph(document, command.graph, (graph) => {
    const node = nodesOf(graph)[id]!;
    const before = node.links?.[port];
    const link =
      command.among === undefined ? command.from : inserted(before, command.from, command.among);
    if (link === before) return graph;
    const freed = unbind(graph, command.to);
    const kept = keepValue(freed, id, port);
    const linked = changeNode(kept, id, (now) =>
      assign(now, 'links', put<LinkText>(now.links, port, link)),
    );
    return dropRoutes(linked, (route) => route === command.to);
  });
};

const inserted = (before: LinkText | undefined, from: string, among: number | null): LinkText => {
  const sources = before === undefined ? [] : sourcesOf(before);
  if (sources.includes(from)) return before!;
  if (!sources.length) return from;
  return sources.toSpliced(among ?? sources.length, 0, from);
};

/** Cut a link; the value that it had replaced comes back. */
export const disconnect = (document: WorkflowDocument, command: Disconnect): WorkflowDocument => {
  const { node: id, port } = splitPort(command.to);
  return withGraph(document, command.graph, (graph) => cut(graph, id, port, command.index));
};

/** The graph with a link of a port cut, or all of them. */
export const cut = (
  graph: GraphDocument,
  id: string,
  port: string,
  index?: number,
): GraphDocument => {
  const before = nodesOf(graph)[id]?.links?.[port];
  if (before === undefined) return graph;
  const target = joinPort(id, port);
  const left = index === undefined ? [] : sourcesOf(before).toSpliced(index, 1);
  if (!left.length) {
    const bare = changeNode(graph, id, (node) =>
      assign(node, 'links', drop(node.links ?? {}, port)),
    );
    return dropRoutes(giveBack(bare, id, port), (route) => isRouteOf(route, target));
  }
  const link = left.length === 1 ? left[0]! : left;
  const changed = changeNode(graph, id, (node) =>
    assign(node, 'links', put<LinkText>(node.links, port, link)),
  );
  return dropRoutes(changed, (route) => isRouteOf(route, target));
};

export const reorderLinks = (
  document: WorkflowDocument,
  command: ReorderLinks,
): WorkflowDocument => {
  const { node: id, port } = splitPort(command.to);
  return withGraph(document, command.graph, (graph) => {
    const before = nodesOf(graph)[id]?.links?.[port];
    const same =
      before !== undefined &&
      sourcesOf(before).toSorted().join() === command.sources.toSorted().join();
    if (!same) return graph;
    return changeNode(graph, id, (node) =>
      assign(node, 'links', put<LinkText>(node.links, port, command.sources)),
    );
  });
};

const isRouteOf = (route: string, target: string): boolean =>
  route === target || route.startsWith(`${target}#`);

export const dropRoutes = (
  graph: GraphDocument,
  gone: (route: string) => boolean,
): GraphDocument => {
  const canvas = canvasOf(graph);
  if (!canvas.routes) return graph;
  const routes = mapValues(canvas.routes, (reroute, route) => (gone(route) ? undefined : reroute));
  return routes === canvas.routes
    ? graph
    : assign(graph, 'canvas', assign(canvas, 'routes', routes));
};

/** Let named inputs no longer set a port; one that set nothing else goes, and its value stays there. */
export const unbind = (graph: GraphDocument, target: string): GraphDocument => {
  let freed = graph;
  for (const [name, input] of Object.entries(graph.inputs ?? {})) {
    const targets = targetsOf(input);
    if (!targets.includes(target)) continue;
    const left = targets.filter((one) => one !== target);
    const inputs = left.length
      ? put(freed.inputs, name, { ...input, to: left })
      : drop(freed.inputs ?? {}, name);
    freed = assign(freed, 'inputs', inputs);
    const { node, port } = splitPort(target);
    if (input.default !== undefined && Object.hasOwn(nodesOf(freed), node))
      freed = changeNode(freed, node, (now) =>
        assign(now, 'values', put(now.values, port, input.default!)),
      );
  }
  return freed;
};

/** Put a port's value aside. */
const keepValue = (graph: GraphDocument, id: string, port: string): GraphDocument => {
  const value = nodesOf(graph)[id]!.values?.[port];
  if (value === undefined) return graph;
  const bare = changeNode(graph, id, (node) =>
    assign(node, 'values', drop(node.values ?? {}, port)),
  );
  return changeLayout(bare, id, (layout) => assign(layout, 'kept', put(layout.kept, port, value)));
};

const giveBack = (graph: GraphDocument, id: string, port: string): GraphDocument => {
  const kept = canvasOf(graph).nodes?.[id]?.kept;
  if (!kept || !Object.hasOwn(kept, port)) return graph;
  const value = kept[port]!;
  const restored = changeNode(graph, id, (node: NodeDocument) =>
    assign(node, 'values', put(node.values, port, value)),
  );
  return changeLayout(restored, id, (layout) =>
    assign(layout, 'kept', drop(layout.kept ?? {}, port)),
  );
};
