/** Copying part of a graph, and putting such a part into a graph. */

import {
  canvasOf,
  definitionOf,
  freshId,
  graphOf,
  itemId,
  itemKind,
  nodesOf,
  splitPort,
  withGraph,
  type CanvasSection,
  type FrameLayout,
  type GraphDocument,
  type NodeDocument,
  type WorkflowDocument,
} from '../document';
import { assign, mapValues } from '../records';
import { changeCanvas, withMembers } from './items';
import { relinked } from './nodes';
import { selectCanvas } from './extract';

/** What is on the clipboard: JSON text, so it goes between tabs, windows and machines. */
export interface Fragment {
  musegraphFragment: 1;
  nodes: Record<string, NodeDocument>;
  canvas: CanvasSection;
  /** Definitions that the nodes use, and that those use. */
  graphs: Record<string, GraphDocument>;
}

export interface Paste {
  do: 'paste';
  graph: string;
  fragment: Fragment;
  /** How far what is pasted is moved. */
  by: { x: number; y: number };
  /** Keep links from nodes that were not copied, where there are such nodes. */
  incoming?: boolean;
}

export const copyItems = (
  document: WorkflowDocument,
  graphName: string,
  items: Iterable<string>,
): Fragment => {
  const graph = graphOf(document, graphName);
  const chosen = withMembers(canvasOf(graph), items);
  const nodes = Object.fromEntries(Object.entries(nodesOf(graph)).filter(([id]) => chosen.has(id)));
  const graphs: Record<string, GraphDocument> = {};
  const need = (all: Record<string, NodeDocument>): void => {
    for (const node of Object.values(all)) {
      const name = definitionOf(node.type);
      const definition = name === null ? undefined : document.graphs?.[name];
      if (!name || !definition || Object.hasOwn(graphs, name)) continue;
      graphs[name] = definition;
      need(nodesOf(definition));
    }
  };
  need(nodes);
  return { musegraphFragment: 1, nodes, canvas: selectCanvas(canvasOf(graph), chosen), graphs };
};

/** The fragment that a text holds, or null. */
export const readFragment = (text: string): Fragment | null => {
  try {
    const found = JSON.parse(text) as Fragment;
    return found !== null &&
      typeof found === 'object' &&
      found.musegraphFragment === 1 &&
      typeof found.nodes === 'object'
      ? {
          musegraphFragment: 1,
          nodes: found.nodes,
          canvas: found.canvas ?? {},
          graphs: found.graphs ?? {},
        }
      : null;
  } catch {
    return null;
  }
};

/** The names that pasted items get: the same for the same document and fragment. */
export const pastedNames = (graph: GraphDocument, fragment: Fragment): Map<string, string> => {
  const names = new Map<string, string>();
  const canvas = canvasOf(graph);
  const give = (prefix: string, ids: string[], known: Record<string, unknown>): void => {
    const taken = new Set(Object.keys(known));
    for (const id of ids) {
      const base = id.replace(/_\d+$/, '') || id;
      const fresh = freshId(taken.has(id) ? base : id, (one) => taken.has(one));
      taken.add(fresh);
      names.set(prefix + id, prefix + fresh);
    }
  };
  give('', Object.keys(fragment.nodes), nodesOf(graph));
  give('frame:', Object.keys(fragment.canvas.frames ?? {}), canvas.frames ?? {});
  give('note:', Object.keys(fragment.canvas.notes ?? {}), canvas.notes ?? {});
  give('reroute:', Object.keys(fragment.canvas.reroutes ?? {}), canvas.reroutes ?? {});
  return names;
};

export const paste = (document: WorkflowDocument, command: Paste): WorkflowDocument => {
  const { fragment } = command;
  const [withDefinitions, definitions] = bringDefinitions(document, fragment);
  const retyped = (node: NodeDocument): NodeDocument => {
    const name = definitionOf(node.type);
    const known = name === null ? undefined : definitions.get(name);
    return known === undefined ? node : assign(node, 'type', `graph:${known}`);
  };
  return withGraph(withDefinitions, command.graph, (graph) => {
    const names = pastedNames(graph, fragment);
    const follow = (text: string): string | null => {
      const at = splitPort(text);
      const fresh = names.get(at.node);
      if (fresh !== undefined) return `${fresh}.${at.port}`;
      return command.incoming && Object.hasOwn(nodesOf(graph), at.node) ? text : null;
    };
    const nodes = Object.entries(fragment.nodes).map(([id, node]): [string, NodeDocument] => [
      names.get(id)!,
      relinked(retyped(node), follow),
    ]);
    const made = { ...graph, nodes: { ...nodesOf(graph), ...Object.fromEntries(nodes) } };
    return changeCanvas(made, (canvas) => joined(canvas, fragment.canvas, names, command.by));
  });
};

/** The document with the definitions that a fragment needs, and the names they have there. */
const bringDefinitions = (
  document: WorkflowDocument,
  fragment: Fragment,
): [WorkflowDocument, Map<string, string>] => {
  const names = new Map<string, string>();
  const graphs = { ...document.graphs };
  for (const [name, definition] of Object.entries(fragment.graphs)) {
    const known = graphs[name];
    const same = known !== undefined && JSON.stringify(known) === JSON.stringify(definition);
    const fresh = same ? name : freshId(name, (id) => Object.hasOwn(graphs, id));
    names.set(name, fresh);
    graphs[fresh] ??= definition;
  }
  const renamed = [...names].some(([from, to]) => from !== to);
  const retype = (definition: GraphDocument): GraphDocument =>
    assign(
      definition,
      'nodes',
      mapValues(nodesOf(definition), (node) => {
        const name = definitionOf(node.type);
        const to = name === null ? undefined : names.get(name);
        return to === undefined ? node : assign(node, 'type', `graph:${to}`);
      }),
    );
  if (renamed)
    for (const [from, to] of names)
      if (from !== to || !Object.hasOwn(document.graphs ?? {}, from))
        graphs[to] = retype(graphs[to]!);
  const added = Object.keys(graphs).length > Object.keys(document.graphs ?? {}).length;
  return [added ? { ...document, graphs } : document, names];
};

const joined = (
  canvas: CanvasSection,
  pasted: CanvasSection,
  names: ReadonlyMap<string, string>,
  by: { x: number; y: number },
): CanvasSection => {
  const moved = <L extends { x: number; y: number }>(one: L): L => ({
    ...one,
    x: one.x + by.x,
    y: one.y + by.y,
  });
  const fresh = (item: string) => names.get(item) ?? item;
  const under = <L>(
    layer: Record<string, L> | undefined,
    prefix: string,
    change: (one: L) => L,
  ): Record<string, L> =>
    Object.fromEntries(
      Object.entries(layer ?? {})
        .filter(([id]) => names.has(prefix + id))
        .map(([id, one]) => [itemId(fresh(prefix + id)), change(one)]),
    );
  const frame = (one: FrameLayout): FrameLayout =>
    assign(moved(one), 'members', one.members?.map(fresh));
  const source = (text: string): string => {
    if (itemKind(text) === 'reroute') return fresh(text);
    const at = splitPort(text);
    return `${fresh(at.node)}.${at.port}`;
  };
  let made: CanvasSection = {
    ...canvas,
    nodes: { ...canvas.nodes, ...under(pasted.nodes, '', moved) },
  };
  made = assign(made, 'frames', { ...canvas.frames, ...under(pasted.frames, 'frame:', frame) });
  made = assign(made, 'notes', { ...canvas.notes, ...under(pasted.notes, 'note:', moved) });
  made = assign(made, 'reroutes', {
    ...canvas.reroutes,
    ...under(pasted.reroutes, 'reroute:', (one) => ({ ...moved(one), source: source(one.source) })),
  });
  const routes = Object.entries(pasted.routes ?? {}).map(([end, through]) => {
    const at = splitPort(end);
    return [`${fresh(at.node)}.${at.port}`, itemId(fresh(`reroute:${through}`))];
  });
  return assign(made, 'routes', { ...canvas.routes, ...Object.fromEntries(routes) });
};
