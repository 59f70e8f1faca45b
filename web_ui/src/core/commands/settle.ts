/**
 * What a command leaves behind: places, bends and seed modes of what is gone, and links to inputs
 * and outputs that a definition no longer has. Every command goes through here, so none has to.
 */

import {
  boundInputs,
  canvasOf,
  definitionOf,
  edgesOf,
  graphOf,
  itemId,
  itemKind,
  joinPort,
  nodesOf,
  routeName,
  splitPort,
  withGraph,
  type CanvasSection,
  type GraphDocument,
  type NodeDocument,
  type NodeLayout,
  type WorkflowDocument,
} from '../document';
import { assign, drop, mapValues, put } from '../records';
import { follow } from './follow';
import { changeCanvas } from './items';

/** The document after a command, with nothing in it that only what is gone had a use for. */
export const settle = (before: WorkflowDocument, after: WorkflowDocument): WorkflowDocument => {
  let now = after;
  for (let was = before; was !== now;) {
    const next = withoutLost(was, now);
    [was, now] = [now, next];
  }
  for (const name of ['', ...Object.keys(now.graphs ?? {})])
    if (graphOf(now, name) !== graphOf(before, name)) now = withGraph(now, name, tidied);
  return now.quick && now.inputs !== before.inputs
    ? assign(
        now,
        'quick',
        mapValues(now.quick, (value, name) =>
          now.inputs && Object.hasOwn(now.inputs, name) ? value : undefined,
        ),
      )
    : now;
};

/** The document without what used inputs and outputs that definitions had before and have no more. */
const withoutLost = (before: WorkflowDocument, after: WorkflowDocument): WorkflowDocument => {
  let made = after;
  for (const [name, was] of Object.entries(before.graphs ?? {})) {
    const is = after.graphs?.[name];
    if (!is || is === was) continue;
    const inputs = lost(was.inputs, is.inputs);
    const outputs = lost(was.outputs, is.outputs);
    if (inputs.length || outputs.length)
      for (const graph of ['', ...Object.keys(made.graphs ?? {})])
        made = withGraph(made, graph, (one) => withoutPorts(one, name, inputs, outputs));
  }
  return made;
};

const lost = (was: object = {}, is: object = {}): string[] =>
  was === is ? [] : Object.keys(was).filter((name) => !Object.hasOwn(is, name));

const withoutPorts = (
  graph: GraphDocument,
  definition: string,
  inputs: string[],
  outputs: string[],
): GraphDocument => {
  const uses = (id: string): boolean => {
    const node = nodesOf(graph)[id];
    return node !== undefined && definitionOf(node.type) === definition;
  };
  if (!Object.keys(nodesOf(graph)).some(uses)) return graph;
  const without = (ports: string[]) => (text: string) => {
    const at = splitPort(text);
    return uses(at.node) && ports.includes(at.port) ? null : text;
  };
  const bare = assign(
    graph,
    'nodes',
    mapValues(nodesOf(graph), (node, id) => (uses(id) ? unset(node, inputs, outputs) : node)),
  );
  const kept = changeCanvas(bare, (canvas) =>
    canvas.nodes
      ? assign(
          canvas,
          'nodes',
          mapValues(canvas.nodes, (layout, id) =>
            uses(id) && layout.kept ? assign(layout, 'kept', drop(layout.kept, ...inputs)) : layout,
          ),
        )
      : canvas,
  );
  return follow(kept, { source: without(outputs), target: without(inputs) });
};

const unset = (node: NodeDocument, inputs: string[], outputs: string[]): NodeDocument => {
  let made = assign(node, 'values', drop(node.values ?? {}, ...inputs));
  made = assign(made, 'links', drop(made.links ?? {}, ...inputs));
  if (made.pin) made = assign(made, 'pin', drop(made.pin, ...outputs));
  const carry = made.repeat?.carry;
  if (!carry) return made;
  const left = mapValues(carry, (into, from) =>
    outputs.includes(from) || inputs.includes(into) ? undefined : into,
  );
  return left === carry ? made : { ...made, repeat: assign(made.repeat!, 'carry', left) };
};

/** A graph whose canvas speaks only of what is there; values that a link had replaced come back. */
const tidied = (graph: GraphDocument): GraphDocument => {
  if (!graph.canvas) return graph;
  const restored = withKept(graph);
  return assign(restored, 'canvas', tidiedCanvas(restored, canvasOf(restored)));
};

const withKept = (graph: GraphDocument): GraphDocument => {
  let { nodes = {} } = graph;
  const bound = boundInputs(graph);
  const layouts = mapValues(canvasOf(graph).nodes ?? {}, (layout, id): NodeLayout | undefined => {
    const node = nodes[id];
    if (!node) return undefined;
    if (!layout.kept) return layout;
    const back = Object.keys(layout.kept).filter(
      (port) => !node.links || !Object.hasOwn(node.links, port),
    );
    for (const port of back)
      if (!bound.has(joinPort(id, port)) && !Object.hasOwn(nodes[id]!.values ?? {}, port))
        nodes = put(
          nodes,
          id,
          assign(nodes[id]!, 'values', put(nodes[id]!.values, port, layout.kept[port]!)),
        );
    return assign(layout, 'kept', drop(layout.kept, ...back));
  });
  const made = nodes === graph.nodes || !graph.nodes ? graph : { ...graph, nodes };
  return made.canvas!.nodes ? assign(made, 'canvas', assign(made.canvas!, 'nodes', layouts)) : made;
};

const tidiedCanvas = (graph: GraphDocument, canvas: CanvasSection): CanvasSection => {
  let made = canvas;
  if (made.inputs)
    made = assign(
      made,
      'inputs',
      mapValues(made.inputs, (one, name) =>
        graph.inputs && Object.hasOwn(graph.inputs, name) ? one : undefined,
      ),
    );
  if (made.reroutes) {
    const reroutes = mapValues(made.reroutes, (one, id) =>
      rootOf(made, `reroute:${id}`, graph) === null ? undefined : one,
    );
    made = assign(made, 'reroutes', reroutes);
  }
  if (made.routes) {
    const sources = new Map(
      edgesOf(graph).map((edge) => [
        routeName(joinPort(edge.target, edge.targetPort), edge.index),
        joinPort(edge.source, edge.sourcePort),
      ]),
    );
    made = assign(
      made,
      'routes',
      mapValues(made.routes, (through, end) =>
        sources.has(end) && rootOf(made, `reroute:${through}`, graph) === sources.get(end)
          ? through
          : undefined,
      ),
    );
  }
  if (!made.frames) return made;
  const there = {
    node: nodesOf(graph),
    frame: made.frames,
    note: made.notes ?? {},
    reroute: made.reroutes ?? {},
  };
  return assign(
    made,
    'frames',
    mapValues(made.frames, (frame) => {
      const left = frame.members?.filter((one) => Object.hasOwn(there[itemKind(one)], itemId(one)));
      return left === undefined || left.length === frame.members!.length
        ? frame
        : { ...frame, members: left };
    }),
  );
};

/** The port that a chain of bends comes from; null if there is none. */
const rootOf = (canvas: CanvasSection, bend: string, graph: GraphDocument): string | null => {
  const seen = new Set<string>();
  let at = bend;
  while (itemKind(at) === 'reroute') {
    if (seen.has(at)) return null;
    seen.add(at);
    const source = canvas.reroutes?.[itemId(at)]?.source;
    if (source === undefined) return null;
    at = source;
  }
  return Object.hasOwn(nodesOf(graph), splitPort(at).node) ? at : null;
};
