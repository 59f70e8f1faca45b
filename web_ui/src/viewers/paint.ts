/** Painting the mask of a port, over the picture that the node is given beside it. */

import type { Json } from '@/core/document';
import { edgesOf } from '@/core/document';
import { pathOf, shownGraph, type DocumentStore } from '@/state/document';
import { fetchValue, isPicture, placeOf } from '@/state/runs/values';
import { editMask } from './open';

interface Held {
  asset: string;
  name?: string;
}

const heldIn = (value: Json | undefined): Held | null => {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return null;
  const { asset, name } = value;
  if (typeof asset !== 'string') return null;
  return { asset, ...(typeof name === 'string' ? { name } : {}) };
};

/**
 * The picture at an input of a node: what was put there, or what its source last gave. Of a node
 * that is given a latent, the picture that was encoded into it.
 */
async function pictureOf(
  store: DocumentStore,
  id: string,
  seen = new Set<string>(), // links may go in a circle until somebody mends it
): Promise<Held | null> {
  if (seen.has(id)) return null;
  seen.add(id);
  const found = await ownPicture(store, id);
  if (found) return found;
  for (const port of store.getState().projected.views.get(id)?.ports.inputs ?? []) {
    if (!/^Latent\b/.test(port.type.text)) continue;
    const edge = edgeTo(store, id, port.name);
    const before = edge && (await pictureOf(store, edge.source, seen));
    if (before) return before;
  }
  return null;
}

const edgeTo = (store: DocumentStore, id: string, port: string) =>
  edgesOf(store.getState().projected.graph).find(
    (one) => one.target === id && one.targetPort === port,
  );

async function ownPicture(store: DocumentStore, id: string): Promise<Held | null> {
  const state = store.getState();
  const view = state.projected.views.get(id);
  for (const port of view?.ports.inputs ?? []) {
    if (!/^Image\b/.test(port.type.text)) continue;
    const edge = edgeTo(store, id, port.name);
    const own = edge ? null : heldIn(view?.node.values?.[port.name] as Json | undefined);
    if (own) return own;
    const place = edge && placeOf(state.uid, pathOf(state, edge.source), edge.sourcePort);
    const value = place && (await fetchValue(place).catch(() => null));
    const file = value?.parts[0]?.files.find(({ media }) => isPicture(media));
    if (file) return file;
    const source = edge && sourceFile(store, edge.source);
    if (source) return source;
  }
  return null;
}

/** A node that opens a file has its picture before it has run. */
const sourceFile = (store: DocumentStore, id: string): Held | null =>
  Object.values(store.getState().projected.views.get(id)?.node.values ?? {})
    .map((value) => heldIn(value as Json))
    .find((held) => held !== null) ?? null;

/** Open the editor for a mask that stands at a port, or is to stand there. */
export async function paintPort(
  store: DocumentStore,
  node: string,
  port: string,
  value: Json | undefined,
): Promise<void> {
  const graph = shownGraph(store.getState());
  editMask({
    image: await pictureOf(store, node),
    value: heldIn(value),
    onSave({ asset, name, media }) {
      store.run({ do: 'setValue', graph, node, port, value: { asset, name, media } });
      store.seal();
    },
  });
}
