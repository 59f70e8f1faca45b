/** Putting the nodes of a definition in the place of a node that uses it. */

import {
  canvasOf,
  definitionOf,
  freshId,
  graphOf,
  itemKind,
  joinPort,
  nodesOf,
  splitPort,
  targetsOf,
  withGraph,
  type CanvasSection,
  type GraphDocument,
  type InputDocument,
  type Json,
  type LinkText,
  type NodeDocument,
  type WorkflowDocument,
} from '../document';
import { assign, drop, mapValues, put } from '../records';
import { follow, relinked } from './follow';
import { changeCanvas } from './items';
import { joined } from './paste';
import { changeNode } from './nodes';

/** Put the nodes of a definition in the place of a node that uses it. */
export interface Unpack {
  do: 'unpack';
  graph: string;
  node: string;
}

export const unpack = (document: WorkflowDocument, command: Unpack): WorkflowDocument => {
  const graph = graphOf(document, command.graph);
  const node = nodesOf(graph)[command.node];
  const name = node && definitionOf(node.type);
  const definition = name ? document.graphs?.[name] : undefined;
  if (!node || !definition || node.repeat) return document;
  const opened = withGraph(document, command.graph, () =>
    unpacked(graph, command.node, node, definition),
  );
  return opened;
};

const unpacked = (
  graph: GraphDocument,
  id: string,
  node: NodeDocument,
  definition: GraphDocument,
): GraphDocument => {
  const names = freshNames(graph, id, definition);
  const port = (text: string): string => {
    const at = splitPort(text);
    return joinPort(names.get(at.node) ?? at.node, at.port);
  };
  const inner = Object.entries(nodesOf(definition)).map(([key, one]): [string, NodeDocument] => [
    names.get(key)!,
    relinked(one, port),
  ]);
  const source = (text: string): string | null => {
    const at = splitPort(text);
    if (at.node !== id) return text;
    const inside = definition.outputs?.[at.port];
    return inside === undefined ? null : port(inside);
  };
  // Where an input sets several ports, a bent link is bent at the first of them.
  const routed = (text: string): string => {
    const at = splitPort(text);
    const entry = at.node === id ? definition.inputs?.[at.port] : undefined;
    return entry ? port(targetsOf(entry)[0] ?? text) : text;
  };
  const { inputs, ...rest } = graph;
  const followed = follow(rest, { source, target: routed });
  const nodes = Object.entries(nodesOf(followed)).flatMap(([key, other]) =>
    key === id ? inner : [[key, other] as const],
  );
  let made: GraphDocument = {
    ...followed,
    nodes: Object.fromEntries(nodes),
    ...(inputs ? { inputs } : {}),
  };
  for (const [input, entry] of Object.entries(definition.inputs ?? {}))
    made = given(made, id, input, entry, node, targetsOf(entry).map(port));
  return placed(made, graph, id, definition, names);
};

const freshNames = (
  graph: GraphDocument,
  id: string,
  definition: GraphDocument,
): Map<string, string> => {
  const taken = new Set(Object.keys(nodesOf(graph)));
  taken.delete(id);
  const names = new Map<string, string>();
  for (const key of Object.keys(nodesOf(definition))) {
    const fresh = freshId(key, (one) => taken.has(one));
    names.set(key, fresh);
    taken.add(fresh);
  }
  return names;
};

/** The graph with what a node gave an input of its definition given to the ports that it set. */
const given = (
  graph: GraphDocument,
  id: string,
  input: string,
  entry: InputDocument,
  node: NodeDocument,
  targets: string[],
): GraphDocument => {
  const outer = joinPort(id, input);
  let made = graph;
  if (graph.inputs)
    made = {
      ...made,
      inputs: mapValues(graph.inputs, (one) => {
        if (!targetsOf(one).includes(outer)) return one;
        const to = targetsOf(one).flatMap((text) => (text === outer ? targets : [text]));
        const own = one.default === undefined && targetsOf(one).length === 1;
        return own && entry.default !== undefined
          ? { ...one, to, default: entry.default }
          : { ...one, to };
      }),
    };
  const bound = made.inputs !== graph.inputs;
  const link = node.links?.[input];
  const own: Json | undefined = node.values?.[input];
  const value = own === undefined ? entry.default : own;
  for (const text of targets) {
    const at = splitPort(text);
    made = changeNode(made, at.node, (one) => {
      if (bound)
        return assign(
          assign(one, 'values', drop(one.values ?? {}, at.port)),
          'links',
          drop(one.links ?? {}, at.port),
        );
      if (link !== undefined)
        return assign(
          assign(one, 'values', drop(one.values ?? {}, at.port)),
          'links',
          put<LinkText>(one.links, at.port, link),
        );
      if (value !== undefined)
        return assign(
          assign(one, 'links', drop(one.links ?? {}, at.port)),
          'values',
          put(one.values, at.port, value),
        );
      return one;
    });
  }
  return made;
};

/** The canvas of the unpacked graph: the definition's own layout, moved to where the node stood. */
const placed = (
  made: GraphDocument,
  graph: GraphDocument,
  id: string,
  definition: GraphDocument,
  names: ReadonlyMap<string, string>,
): GraphDocument => {
  const at = canvasOf(graph).nodes?.[id] ?? { x: 0, y: 0 };
  const inner = canvasOf(definition);
  const all = [
    ...Object.values(inner.nodes ?? {}),
    ...Object.values(inner.frames ?? {}),
    ...Object.values(inner.notes ?? {}),
  ];
  const left = Math.min(...all.map((one) => one.x), Infinity);
  const top = Math.min(...all.map((one) => one.y), Infinity);
  const shifted = <L extends { x: number; y: number }>(one: L): L =>
    Number.isFinite(left) ? { ...one, x: one.x - left + at.x, y: one.y - top + at.y } : one;
  return changeCanvas(made, (canvas) => {
    const fresh = new Map<string, string>([...names]);
    for (const layer of ['frame', 'note', 'reroute'] as const) {
      const taken = new Set(Object.keys(canvas[`${layer}s`] ?? {}));
      for (const key of Object.keys(inner[`${layer}s`] ?? {})) {
        const free = freshId(key, (one) => taken.has(one));
        taken.add(free);
        fresh.set(`${layer}:${key}`, `${layer}:${free}`);
      }
    }
    const beside = { ...canvas, nodes: drop(canvas.nodes ?? {}, id) };
    return joined(inPlaceOf(beside, id, outermost(inner, fresh)), inner, fresh, shifted);
  });
};

/** What stands in no frame of a canvas, under its new names. */
const outermost = (inner: CanvasSection, fresh: ReadonlyMap<string, string>): string[] => {
  const framed = new Set(Object.values(inner.frames ?? {}).flatMap((frame) => frame.members ?? []));
  return [...fresh].flatMap(([item, name]) =>
    framed.has(item) || itemKind(item) === 'reroute' ? [] : [name],
  );
};

/** The canvas in which other items are in the frame that an item was in. */
const inPlaceOf = (canvas: CanvasSection, item: string, others: string[]): CanvasSection =>
  canvas.frames
    ? assign(
        canvas,
        'frames',
        mapValues(canvas.frames, (frame) =>
          frame.members?.includes(item)
            ? { ...frame, members: frame.members.flatMap((one) => (one === item ? others : [one])) }
            : frame,
        ),
      )
    : canvas;
