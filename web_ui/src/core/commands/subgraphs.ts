/** Commands on definitions: copying, naming and forgetting them. */

import {
  definitionOf,
  graphOf,
  nodesOf,
  withGraph,
  type GraphDocument,
  type WorkflowDocument,
} from '../document';
import { assign, drop, mapValues, rekey } from '../records';
import { changeNode } from './nodes';

/** Give a node that uses a definition its own copy of it, under a free name. */
export interface OwnCopy {
  do: 'ownCopy';
  graph: string;
  node: string;
  name: string;
}

export interface RenameGraph {
  do: 'renameGraph';
  name: string;
  to: string;
}

export interface RemoveGraph {
  do: 'removeGraph';
  name: string;
}

export const ownCopy = (document: WorkflowDocument, command: OwnCopy): WorkflowDocument => {
  const node = nodesOf(graphOf(document, command.graph))[command.node];
  const name = node && definitionOf(node.type);
  const definition = name ? document.graphs?.[name] : undefined;
  if (!definition || Object.hasOwn(document.graphs!, command.name)) return document;
  const copied = { ...document, graphs: { ...document.graphs, [command.name]: definition } };
  return withGraph(copied, command.graph, (graph) =>
    changeNode(graph, command.node, (one) => ({ ...one, type: `graph:${command.name}` })),
  );
};

export const renameGraph = (document: WorkflowDocument, command: RenameGraph): WorkflowDocument => {
  const { name, to } = command;
  const graphs = document.graphs ?? {};
  if (!Object.hasOwn(graphs, name) || Object.hasOwn(graphs, to)) return document;
  const retyped = (graph: GraphDocument): GraphDocument => {
    if (!graph.nodes) return graph;
    const nodes = mapValues(graph.nodes, (node) =>
      node.type === `graph:${name}` ? { ...node, type: `graph:${to}` } : node,
    );
    return nodes === graph.nodes ? graph : { ...graph, nodes };
  };
  const top = retyped(document) as WorkflowDocument;
  return { ...top, graphs: rekey(mapValues(graphs, retyped), name, to) };
};

/** Forget a definition that no node uses. */
export const removeGraph = (document: WorkflowDocument, command: RemoveGraph): WorkflowDocument => {
  const used = ['', ...Object.keys(document.graphs ?? {})].some((graph) =>
    Object.values(nodesOf(graphOf(document, graph))).some(
      (node) => node.type === `graph:${command.name}`,
    ),
  );
  return used || !document.graphs
    ? document
    : assign(document, 'graphs', drop(document.graphs, command.name));
};
