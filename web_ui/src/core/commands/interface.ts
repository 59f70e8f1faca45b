/** Commands on what a graph takes and gives: its named inputs and outputs. */

import {
  graphOf,
  nodesOf,
  splitPort,
  targetsOf,
  withGraph,
  type InputDocument,
  type Json,
  type SeedMode,
  type WorkflowDocument,
} from '../document';
import { assign, drop, mapValues, patch, put, rekey } from '../records';
import { changeCanvas } from './items';
import { unbind } from './links';
import { changeNode, relinked } from './nodes';

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
    const value = command.default ?? node.values?.[port];
    const freed = unbind(graph, command.to);
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

export const setInput = (document: WorkflowDocument, command: SetInput): WorkflowDocument =>
  withGraph(document, command.graph, (graph) => {
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
  return everywhere(renamed, (document, graph) =>
    withGraph(document, graph, (now) => ({
      ...now,
      nodes: mapValues(nodesOf(now), (node) =>
        node.type === `graph:${command.graph}`
          ? assign(
              assign(node, 'values', rekey(node.values ?? {}, name, to)),
              'links',
              rekey(node.links ?? {}, name, to),
            )
          : node,
      ),
    })),
  );
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
  return everywhere(renamed, (document, graph) => {
    const instances = new Set(
      Object.entries(nodesOf(graphOf(document, graph)))
        .filter(([, node]) => node.type === `graph:${command.graph}`)
        .map(([id]) => id),
    );
    return instances.size
      ? withGraph(document, graph, (now) => relabelled(now, instances, name, to))
      : document;
  });
};

const relabelled = (
  graph: ReturnType<typeof graphOf>,
  instances: ReadonlySet<string>,
  name: string,
  to: string,
): ReturnType<typeof graphOf> => {
  const follow = (text: string): string => {
    const at = splitPort(text);
    return instances.has(at.node) && at.port === name ? `${at.node}.${to}` : text;
  };
  const nodes = mapValues(nodesOf(graph), (node) => relinked(node, follow));
  const made = { ...graph, nodes };
  return graph.outputs ? { ...made, outputs: mapValues(graph.outputs, follow) } : made;
};

/** The document with a change made in every graph that may use a definition. */
const everywhere = (
  document: WorkflowDocument,
  change: (document: WorkflowDocument, graph: string) => WorkflowDocument,
): WorkflowDocument => ['', ...Object.keys(document.graphs ?? {})].reduce(change, document);

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
