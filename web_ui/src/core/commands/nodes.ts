/** Commands on nodes: adding, setting, naming, and where they stand. */

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
  type Json,
  type LinkText,
  type Mode,
  type NodeDocument,
  type NodeLayout,
  type WorkflowDocument,
} from '../document';
import { assign, drop, mapValues, patch, put, rekey } from '../records';

export interface AddNode {
  do: 'addNode';
  graph: string;
  id: string;
  node: NodeDocument;
  layout: NodeLayout;
}

export interface SetValue {
  do: 'setValue';
  graph: string;
  node: string;
  port: string;
  /** Left out: back to the default. */
  value?: Json;
}

export interface SetMode {
  do: 'setMode';
  graph: string;
  nodes: string[];
  mode: Mode | null;
}

export interface SetPin {
  do: 'setPin';
  graph: string;
  node: string;
  pin: Record<string, string> | null;
}

export interface SetRepeat {
  do: 'setRepeat';
  graph: string;
  node: string;
  repeat: NodeDocument['repeat'] | null;
}

export interface SetLayout {
  do: 'setLayout';
  graph: string;
  node: string;
  /** Members to set; `null` takes one away. */
  layout: { [K in keyof NodeLayout]?: NodeLayout[K] | null };
}

export interface RenameNode {
  do: 'renameNode';
  graph: string;
  node: string;
  to: string;
}

export interface ReplaceNode {
  do: 'replaceNode';
  graph: string;
  id: string;
  node: NodeDocument;
  /** The inputs that the new type has; a named input of the workflow that set another lets go of it. */
  inputs: string[];
  /** What the outputs that others are linked to are called now; a link to one not named here is cut. */
  outputs: Record<string, string>;
}

export const changeNode = (
  graph: GraphDocument,
  id: string,
  change: (node: NodeDocument) => NodeDocument,
): GraphDocument => {
  const nodes = nodesOf(graph);
  if (!Object.hasOwn(nodes, id)) return graph;
  const after = put(nodes, id, change(nodes[id]!));
  return after === nodes ? graph : { ...graph, nodes: after };
};

export const changeLayout = (
  graph: GraphDocument,
  id: string,
  change: (layout: NodeLayout) => NodeLayout,
): GraphDocument => {
  const canvas = canvasOf(graph);
  const before = canvas.nodes?.[id] ?? { x: 0, y: 0 };
  const after = change(before);
  if (after === before) return graph;
  return { ...graph, canvas: { ...canvas, nodes: put(canvas.nodes, id, after) } };
};

export const addNode = (document: WorkflowDocument, command: AddNode): WorkflowDocument => {
  const taken = Object.hasOwn(nodesOf(graphOf(document, command.graph)), command.id);
  if (taken) return document;
  return withGraph(document, command.graph, (graph) =>
    changeLayout(
      { ...graph, nodes: { ...nodesOf(graph), [command.id]: command.node } },
      command.id,
      () => command.layout,
    ),
  );
};

/** Set a port; where a named input sets it, that input's default is what is meant. */
export const setValue = (document: WorkflowDocument, command: SetValue): WorkflowDocument =>
  withGraph(document, command.graph, (graph) => {
    const target = joinPort(command.node, command.port);
    const bound = Object.entries(graph.inputs ?? {}).find(([, input]) =>
      targetsOf(input).includes(target),
    );
    if (bound) {
      const [name, input] = bound;
      const { default: _before, ...rest } = input;
      const set = command.value === undefined ? rest : { ...input, default: command.value };
      return { ...graph, inputs: put(graph.inputs, name, set) };
    }
    return changeNode(graph, command.node, (node) =>
      assign(
        node,
        'values',
        command.value === undefined
          ? drop(node.values ?? {}, command.port)
          : put(node.values, command.port, command.value),
      ),
    );
  });

export const setMode = (document: WorkflowDocument, command: SetMode): WorkflowDocument =>
  withGraph(document, command.graph, (graph) =>
    command.nodes.reduce(
      (now, id) => changeNode(now, id, (node) => assign(node, 'mode', command.mode ?? undefined)),
      graph,
    ),
  );

export const setPin = (document: WorkflowDocument, command: SetPin): WorkflowDocument =>
  withGraph(document, command.graph, (graph) =>
    changeNode(graph, command.node, (node) => assign(node, 'pin', command.pin ?? undefined)),
  );

export const setRepeat = (document: WorkflowDocument, command: SetRepeat): WorkflowDocument =>
  withGraph(document, command.graph, (graph) =>
    changeNode(graph, command.node, (node) => assign(node, 'repeat', command.repeat ?? undefined)),
  );

export const setLayout = (document: WorkflowDocument, command: SetLayout): WorkflowDocument =>
  withGraph(document, command.graph, (graph) =>
    Object.hasOwn(nodesOf(graph), command.node)
      ? changeLayout(graph, command.node, (layout) => patch(layout, command.layout))
      : graph,
  );

/** Give a node another id; all that names it follows. */
export const renameNode = (document: WorkflowDocument, command: RenameNode): WorkflowDocument =>
  withGraph(document, command.graph, (graph) => {
    const { node: from, to } = command;
    const nodes = nodesOf(graph);
    if (from === to || !Object.hasOwn(nodes, from) || Object.hasOwn(nodes, to)) return graph;
    const port = (text: string): string => {
      const at = splitPort(text);
      return at.node === from ? joinPort(to, at.port) : text;
    };
    return renamed(graph, from, to, port);
  });

const renamed = (
  graph: GraphDocument,
  from: string,
  to: string,
  port: (text: string) => string,
): GraphDocument => {
  const canvas = canvasOf(graph);
  const made: GraphDocument = {
    ...graph,
    nodes: rekey(
      mapValues(nodesOf(graph), (node) => relinked(node, port)),
      from,
      to,
    ),
  };
  if (graph.inputs)
    made.inputs = mapValues(graph.inputs, (input) => {
      const targets = targetsOf(input).map(port);
      return targets.join() === targetsOf(input).join()
        ? input
        : { ...input, to: typeof input.to === 'string' ? targets[0]! : targets };
    });
  if (graph.outputs) made.outputs = mapValues(graph.outputs, port);
  if (graph.canvas) {
    let after = canvas;
    after = assign(after, 'nodes', rekey(canvas.nodes ?? {}, from, to));
    if (canvas.frames)
      after = assign(
        after,
        'frames',
        mapValues(canvas.frames, (frame) =>
          frame.members?.includes(from)
            ? { ...frame, members: frame.members.map((one) => (one === from ? to : one)) }
            : frame,
        ),
      );
    if (canvas.reroutes)
      after = assign(
        after,
        'reroutes',
        mapValues(canvas.reroutes, (one) => assign(one, 'source', port(one.source))),
      );
    if (canvas.routes)
      after = assign(
        after,
        'routes',
        Object.fromEntries(
          Object.entries(canvas.routes).map(([route, reroute]) => [port(route), reroute]),
        ),
      );
    made.canvas = after;
  }
  return made;
};

/** A node with each of its links' sources put through a change; a source that becomes null is cut. */
export const relinked = (
  node: NodeDocument,
  change: (source: string) => string | null,
): NodeDocument => {
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

/** Put another node in the place of one; what is linked to it follows where it can. */
export const replaceNode = (document: WorkflowDocument, command: ReplaceNode): WorkflowDocument =>
  withGraph(document, command.graph, (graph) => {
    if (!Object.hasOwn(nodesOf(graph), command.id)) return graph;
    const follow = (text: string): string | null => {
      const at = splitPort(text);
      if (at.node !== command.id) return text;
      const name = command.outputs[at.port];
      return name === undefined ? null : joinPort(at.node, name);
    };
    const nodes = mapValues(nodesOf(graph), (node, id) =>
      id === command.id ? command.node : relinked(node, follow),
    );
    const ports = new Set(command.inputs);
    const inputs = mapValues(graph.inputs ?? {}, (input) => {
      const left = targetsOf(input).filter((text) => {
        const at = splitPort(text);
        return at.node !== command.id || ports.has(at.port);
      });
      return left.length === targetsOf(input).length
        ? input
        : left.length
          ? { ...input, to: left }
          : undefined;
    });
    const outputs = mapValues(graph.outputs ?? {}, (text) => follow(text) ?? undefined);
    const made = assign(assign({ ...graph, nodes }, 'inputs', inputs), 'outputs', outputs);
    return canvasOf(graph).nodes?.[command.id]
      ? changeLayout(made, command.id, (layout) =>
          patch(layout, { heights: null, kept: null, seeds: null }),
        )
      : made;
  });
