/** Making inputs of nodes inputs of their graph, and outputs its results; and taking that back. */

import type { Command } from '@/core/commands';
import { freshId, joinPort } from '@/core/document';
import { valueAt } from '@/core/geometry';
import type { NodeView } from '@/core/project';
import { shownGraph, type DocumentStore } from '@/state/document';

/** Make an input of a node one of the graph, under a free name; how its seed goes on goes along. */
export function exposing(store: DocumentStore, view: NodeView, name: string): Command {
  const graph = shownGraph(store.getState());
  const port = view.ports.inputs.find((one) => one.name === name);
  const { inputs } = store.getState().projected.graph;
  const free = freshId(name, (one) => Object.hasOwn(inputs ?? {}, one));
  const value = port && valueAt(view, port).value;
  const seed = view.layout?.seeds?.[name];
  return {
    do: 'batch',
    label: 'expose',
    commands: [
      {
        do: 'expose',
        graph,
        name: free,
        to: joinPort(view.id, name),
        ...(value === undefined || value === null ? {} : { default: value }),
      },
      ...(seed ? [{ do: 'setInputSeed', graph, name: free, seed } as const] : []),
    ],
  };
}

/** Make an output of a node a result of the graph, under a free name. */
export function naming(store: DocumentStore, view: NodeView, port: string): Command {
  const { outputs } = store.getState().projected.graph;
  const base = port === 'out' ? view.id.replaceAll('-', '_') : port;
  const name = freshId(base, (one) => Object.hasOwn(outputs ?? {}, one));
  const graph = shownGraph(store.getState());
  return { do: 'setOutput', graph, name, from: joinPort(view.id, port) };
}
