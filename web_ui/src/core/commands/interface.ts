/** Commands on what a graph takes and gives: its named inputs and outputs. */

import {
  graphOf,
  joinPort,
  nodesOf,
  splitPort,
  targetsOf,
  withGraph,
  type GraphDocument,
  type InputDocument,
  type Json,
  type NodeDocument,
  type NodeLayout,
  type SeedMode,
  type WorkflowDocument,
} from '../document';
import { assign, drop, mapValues, patch, put, rekey } from '../records';
import { changeCanvas } from './items';
import { follow } from './follow';
import { cut, unbind } from './links';
import { changeNode } from './nodes';
import { withoutTexts } from '../texts';

/** Let a named input set a port: a new one, or one that sets others already. */
export interface Expose {
  do: 'expose';
  graph: string;
  name: string;
  to: string;
  /** The value it stands at, if it is new. */
  default?: Json;
  label?: string;
}

/** Let no named input set this port any more; its value stays at the port. */
export interface Unexpose {
  do: 'unexpose';
  graph: string;
  to: string;
}

export interface SetInput {
  do: 'setInput';
  graph: string;
  name: string;
  input: { default?: Json; label?: string | null; help?: string | null };
}

export interface RenameInput {
  do: 'renameInput';
  graph: string;
  name: string;
  to: string;
}

export interface SetOutput {
  do: 'setOutput';
  graph: string;
  name: string;
  from: string | null;
}

export interface RenameOutput {
  do: 'renameOutput';
  graph: string;
  name: string;
  to: string;
}

export interface Reorder {
  do: 'reorder';
  graph: string;
  what: 'inputs' | 'outputs';
  names: string[];
}

export interface SetInputSeed {
  do: 'setInputSeed';
  graph: string;
  name: string;
  seed: SeedMode | null;
}

export interface SetName {
  do: 'setName';
  name: string;
}

export const expose = (document: WorkflowDocument, command: Expose): WorkflowDocument =>
  withGraph(document, command.graph, (graph) => {
    const { node: id, port } = splitPort(command.to);
    const node = nodesOf(graph)[id];
    if (!node) return graph;
    const known = graph.inputs?.[command.name];
    if (known && targetsOf(known).includes(command.to)) return graph;
    const freed = cut(unbind(graph, command.to), id, port);
    const value =
      command.default === undefined ? nodesOf(freed)[id]!.values?.[port] : command.default;
    const bare = changeNode(freed, id, (now) =>
      assign(now, 'values', drop(now.values ?? {}, port)),
    );
    const made: InputDocument = known
      ? { ...known, to: [...targetsOf(known), command.to] }
      : {
          to: [command.to],
          ...(value === undefined ? {} : { default: value }),
          ...(command.label ? { label: command.label } : {}),
        };
    return { ...bare, inputs: put(bare.inputs, command.name, made) };
  });

export const unexpose = (document: WorkflowDocument, command: Unexpose): WorkflowDocument =>
  withGraph(document, command.graph, (graph) => unbind(graph, command.to));

export const setInput = (document: WorkflowDocument, command: SetInput): WorkflowDocument => {
  const { label, help } = command.input;
  const told = [
    ...(label === undefined ? [] : (['label'] as const)),
    ...(help === undefined ? [] : (['text'] as const)),
  ];
  // What is called by another name is not what the translations were made from.
  const own = command.graph === '' ? withoutTexts(document, command.name, told) : document;
  return withGraph(own, command.graph, (graph) => {
    const known = graph.inputs?.[command.name];
    if (!known) return graph;
    const { default: value, ...rest } = command.input;
    const named = patch(known, rest);
    return {
      ...graph,
      inputs: put(
        graph.inputs,
        command.name,
        value === undefined ? named : { ...named, default: value },
      ),
    };
  });
};

/** Rename an input; the nodes that use the graph follow. */
export const renameInput = (document: WorkflowDocument, command: RenameInput): WorkflowDocument => {
  const inputs = graphOf(document, command.graph).inputs ?? {};
  const { name, to } = command;
  if (!Object.hasOwn(inputs, name) || Object.hasOwn(inputs, to)) return document;
  const renamed = withGraph(document, command.graph, (graph) => {
    const made = { ...graph, inputs: rekey(inputs, name, to) };
    return changeCanvas(made, (canvas) =>
      canvas.inputs ? assign(canvas, 'inputs', rekey(canvas.inputs, name, to)) : canvas,
    );
  });
  if (command.graph === '')
    return renamed.quick ? assign(renamed, 'quick', rekey(renamed.quick, name, to)) : renamed;
  return inInstances(renamed, command.graph, (graph, uses) => {
    const target = (text: string): string => {
      const at = splitPort(text);
      return uses(at.node) && at.port === name ? joinPort(at.node, to) : text;
    };
    const made = follow(graph, { target });
    const nodes = mapValues(nodesOf(made), (node, id) =>
      uses(id) ? renamedInput(node, name, to) : node,
    );
    return changeCanvas({ ...made, nodes }, (canvas) =>
      canvas.nodes
        ? assign(
            canvas,
            'nodes',
            mapValues(canvas.nodes, (layout, id) =>
              uses(id) ? renamedPort(layout, name, to) : layout,
            ),
          )
        : canvas,
    );
  });
};

const renamedInput = (node: NodeDocument, name: string, to: string): NodeDocument => {
  let made = assign(node, 'values', rekey(node.values ?? {}, name, to));
  made = assign(made, 'links', rekey(made.links ?? {}, name, to));
  const { repeat } = made;
  if (!repeat) return made;
  const carry = mapValues(repeat.carry ?? {}, (into) => (into === name ? to : into));
  const times = repeat.times === name ? to : repeat.times;
  return assign(made, 'repeat', assign(assign(repeat, 'carry', carry), 'times', times));
};

/** A node's layout in which what is noted of an input stands under its new name. */
const renamedPort = (layout: NodeLayout, name: string, to: string): NodeLayout => {
  let made = layout;
  for (const part of ['heights', 'kept', 'seeds'] as const)
    if (layout[part])
      made = assign(made, part, rekey<never>(layout[part] as Record<string, never>, name, to));
  return made;
};

export const setOutput = (document: WorkflowDocument, command: SetOutput): WorkflowDocument =>
  withGraph(document, command.graph, (graph) =>
    assign(
      graph,
      'outputs',
      command.from === null
        ? drop(graph.outputs ?? {}, command.name)
        : put(graph.outputs, command.name, command.from),
    ),
  );

/** Rename an output; links to it from outside follow. */
export const renameOutput = (
  document: WorkflowDocument,
  command: RenameOutput,
): WorkflowDocument => {
  const outputs = graphOf(document, command.graph).outputs ?? {};
  const { name, to } = command;
  if (!Object.hasOwn(outputs, name) || Object.hasOwn(outputs, to)) return document;
  const renamed = withGraph(document, command.graph, (graph) => ({
    ...graph,
    outputs: rekey(outputs, name, to),
  }));
  if (command.graph === '') return renamed;
  return inInstances(renamed, command.graph, (graph, uses) => {
    const source = (text: string): string => {
      const at = splitPort(text);
      return uses(at.node) && at.port === name ? joinPort(at.node, to) : text;
    };
    const made = follow(graph, { source });
    const nodes = mapValues(nodesOf(made), (node, id) =>
      uses(id) ? renamedResult(node, name, to) : node,
    );
    return { ...made, nodes };
  });
};

const renamedResult = (node: NodeDocument, name: string, to: string): NodeDocument => {
  const made = node.pin ? assign(node, 'pin', rekey(node.pin, name, to)) : node;
  const carry = made.repeat?.carry;
  return carry ? { ...made, repeat: { ...made.repeat!, carry: rekey(carry, name, to) } } : made;
};

/** The document with a change made in every graph that has nodes which use a definition. */
const inInstances = (
  document: WorkflowDocument,
  definition: string,
  change: (graph: GraphDocument, uses: (id: string) => boolean) => GraphDocument,
): WorkflowDocument =>
  ['', ...Object.keys(document.graphs ?? {})].reduce(
    (made, name) =>
      withGraph(made, name, (graph) => {
        const nodes = nodesOf(graph);
        const uses = (id: string): boolean => nodes[id]?.type === `graph:${definition}`;
        return Object.keys(nodes).some(uses) ? change(graph, uses) : graph;
      }),
    document,
  );

export const reorder = (document: WorkflowDocument, command: Reorder): WorkflowDocument =>
  withGraph(document, command.graph, (graph) => {
    const known = (graph[command.what] ?? {}) as Record<string, never>;
    const same = Object.keys(known).toSorted().join() === command.names.toSorted().join();
    if (!same) return graph;
    return {
      ...graph,
      [command.what]: Object.fromEntries(command.names.map((name) => [name, known[name]])),
    };
  });

export const setInputSeed = (document: WorkflowDocument, command: SetInputSeed): WorkflowDocument =>
  withGraph(document, command.graph, (graph) =>
    changeCanvas(graph, (canvas) =>
      assign(
        canvas,
        'inputs',
        command.seed === null
          ? drop(canvas.inputs ?? {}, command.name)
          : put(canvas.inputs, command.name, {
              ...canvas.inputs?.[command.name],
              seed: command.seed,
            }),
      ),
    ),
  );

export const setName = (document: WorkflowDocument, command: SetName): WorkflowDocument =>
  assign(document, 'name', command.name || undefined);
