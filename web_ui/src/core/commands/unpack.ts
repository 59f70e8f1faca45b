/** Putting the nodes of a definition in the place of a node that uses it. */

import {
  canvasOf,
  definitionOf,
  freshId,
  graphOf,
  itemId,
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
import { changeCanvas } from './items';
import { changeNode, relinked } from './nodes';

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
  const follow = (text: string): string | null => {
    const at = splitPort(text);
    if (at.node !== id) return text;
    const inside = definition.outputs?.[at.port];
    return inside === undefined ? null : port(inside);
  };
  const nodes = Object.entries(nodesOf(graph)).flatMap(([key, other]): [string, NodeDocument][] =>
    key === id ? inner : [[key, relinked(other, follow)]],
  );
  let made: GraphDocument = { ...graph, nodes: Object.fromEntries(nodes) };
  if (graph.outputs)
    made = assign(
      made,
      'outputs',
      mapValues(graph.outputs, (text) => follow(text) ?? undefined),
    );
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
      inputs: mapValues(graph.inputs, (one) =>
        targetsOf(one).includes(outer)
          ? { ...one, to: targetsOf(one).flatMap((text) => (text === outer ? targets : [text])) }
          : one,
      ),
    };
  const bound = made.inputs !== graph.inputs;
  const link = node.links?.[input];
  const value: Json | undefined = node.values?.[input] ?? entry.default;
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
    const nodes = Object.entries(inner.nodes ?? {})
      .filter(([key]) => names.has(key))
      .map(([key, one]) => [names.get(key)!, shifted(one)] as const);
    let after: CanvasSection = {
      ...canvas,
      nodes: { ...drop(canvas.nodes ?? {}, id), ...Object.fromEntries(nodes) },
    };
    const fresh = (layer: 'frames' | 'notes', key: string) =>
      freshId(key, (one) => Object.hasOwn(after[layer] ?? {}, one));
    const framed = new Map(
      Object.keys(inner.frames ?? {}).map((key) => [key, fresh('frames', key)]),
    );
    for (const [key, frame] of Object.entries(inner.frames ?? {})) {
      const members = frame.members?.map((one) =>
        itemKind(one) === 'frame'
          ? `frame:${framed.get(itemId(one)) ?? itemId(one)}`
          : (names.get(one) ?? one),
      );
      after = {
        ...after,
        frames: put(after.frames, framed.get(key)!, assign(shifted(frame), 'members', members)),
      };
    }
    for (const [key, note] of Object.entries(inner.notes ?? {}))
      after = { ...after, notes: put(after.notes, fresh('notes', key), shifted(note)) };
    if (canvas.frames)
      after = assign(
        after,
        'frames',
        mapValues(after.frames ?? {}, (frame) =>
          frame.members?.includes(id)
            ? {
                ...frame,
                members: frame.members.flatMap((one) => (one === id ? [...names.values()] : [one])),
              }
            : frame,
        ),
      );
    return after;
  });
};
