/** Putting a model to use: in a node that takes it, or in a new one that opens it. */

import type { NodeType, Port } from '@/core/catalogue';
import { nodeFor, portFor } from '@/core/models';
import { shownGraph, type DocumentStore } from '@/state/document';
import type { Model } from '@/state/models';
import { addNode, type Place } from './add';

type OfKind = Pick<Model, 'kind'>;

/** The input of a node of the shown graph that takes a model. */
const inputOf = (store: DocumentStore, node: string, model: OfKind): Port | null => {
  const ports = store.getState().projected.types.portsOf(node);
  return ports.known ? portFor(ports.inputs, model.kind) : null;
};

/** The selected node, if it is the only one and takes this model. */
export function selectedFor(store: DocumentStore, model: OfKind): string | null {
  const [node, ...more] = store.getState().selection;
  return node !== undefined && !more.length && inputOf(store, node, model) !== null ? node : null;
}

/** The node that opens models of this kind. */
export const opener = (store: DocumentStore, model: OfKind): NodeType | null =>
  nodeFor(store.getState().catalogue, model.kind);

/** Name the model at an input of a node; false if it takes none of this kind. */
export function setModel(store: DocumentStore, node: string, model: Model): boolean {
  const port = inputOf(store, node, model);
  if (port === null) return false;
  store.run({
    do: 'setValue',
    graph: shownGraph(store.getState()),
    node,
    port: port.name,
    value: port.type.item ? [model.source] : model.source,
  });
  store.seal();
  return true;
}

/** Add the node that opens a model; the id of the node. */
export function addModel(store: DocumentStore, model: Model, at: Place): string | null {
  const type = opener(store, model);
  const port = type && portFor(type.inputs, model.kind);
  if (!type || !port) return null;
  const value = port.type.item ? [model.source] : model.source;
  return addNode(store, type.id, at, { values: { [port.name]: value } });
}
