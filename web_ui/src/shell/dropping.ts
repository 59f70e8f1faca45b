/** Files that are dropped or pasted on the canvas: opened, put into a node, or loaded by a new one. */

import { create } from 'zustand';
import { assetValue, uploadAsset, type Asset } from '@/api/assets';
import type { Command } from '@/core/commands';
import { freshId, freshNodeId, graphOf, nodesOf } from '@/core/document';
import { inputForFile, loaderFor } from '@/core/files';
import { HEADER, snap } from '@/core/geometry';
import { openRead, openText, workflowIn } from '@/state/files/opening';
import { report } from '@/state/files/library';
import { shownGraph, type DocumentStore } from '@/state/document';
import { say } from '@/state/notices';
import { activeDocument } from '@/state/workspace';
import { openFileDialog, type Dropped } from './files/dialogs';
import { flowOf, middle, pointer } from './pointer';

export interface Upload {
  id: number;
  name: string;
  /** From 0 to 1. */
  part: number;
}

/** What is on its way to the server. */
export const useUploads = create<{ uploads: readonly Upload[] }>(() => ({ uploads: [] }));
let count = 0;

const upload = async (file: File): Promise<Asset> => {
  count += 1;
  const id = count;
  const change = (part: number): void =>
    useUploads.setState(({ uploads }) => ({
      uploads: uploads.map((one) => (one.id === id ? { ...one, part } : one)),
    }));
  useUploads.setState(({ uploads }) => ({
    uploads: [...uploads, { id, name: file.name, part: 0 }],
  }));
  try {
    return await uploadAsset(file, change);
  } finally {
    useUploads.setState(({ uploads }) => ({ uploads: uploads.filter((one) => one.id !== id) }));
  }
};

interface Target {
  store: DocumentStore;
  /** In the canvas' own measure. */
  at: { x: number; y: number };
  /** The node on which the files were dropped. */
  node?: string | undefined;
}

/** A workflow's file may be of any size that the server takes as a document. */
const TEXT_LIMIT = 32 * 2 ** 20;

const isText = (file: File): boolean =>
  (/\.json$/i.test(file.name) || file.type === 'application/json') && file.size <= TEXT_LIMIT;

/** Do with files what is meant by dropping them at a place. */
export async function takeFiles(files: readonly File[], target: Target): Promise<void> {
  const taken: Dropped[] = [];
  for (const file of files) {
    try {
      if (isText(file)) openText(await file.text(), file.name);
      else taken.push(await takeIn(file, target.node !== undefined));
    } catch (error) {
      report('take', error, { name: file.name });
    }
  }
  const bundles = taken.filter(isBundle);
  for (const { asset, read } of bundles) {
    if (read) openRead(read, asset.name.replace(/\.\w+$/, ''));
    else say({ kind: 'warning', key: 'files:drop.noBundle', args: { name: asset.name } });
  }
  const media = taken.filter((one) => !isBundle(one));
  if (media.length) place(media, target);
}

const isBundle = ({ asset }: Dropped): boolean =>
  asset.media === 'application/zip' || /\.(?:zip|musegraph)$/i.test(asset.name);

const takeIn = async (file: File, onNode: boolean): Promise<Dropped> => {
  const asset = await upload(file);
  const carries =
    isBundle({ asset, read: null }) ||
    (!onNode && (await (await import('./carrying')).mayCarry(file, asset)));
  return { asset, read: carries ? await workflowIn(asset.asset) : null };
};

const place = (media: readonly Dropped[], { store, at, node }: Target): void => {
  if (node !== undefined) {
    const left = media.filter(({ asset }, place) => place > 0 || !putInto(store, node, asset));
    if (left.length) addLoaders(store, left, { x: at.x, y: at.y + 160 });
    return;
  }
  if (media.some(({ read }) => read)) openFileDialog({ kind: 'dropped', store, files: media, at });
  else if (addLoaders(store, media, at) && media.some(({ asset }) => isPicture(asset)))
    say({
      kind: 'info',
      key: 'files:drop.plain',
      args: { count: media.length, name: media[0]!.asset.name },
    });
};

const isPicture = ({ media }: Asset): boolean => media.startsWith('image/');

/** Make a file the value of a node's input; false if the node has none for it. */
const putInto = (store: DocumentStore, node: string, asset: Asset): boolean => {
  const state = store.getState();
  const view = state.projected.views.get(node);
  const port = view && inputForFile(view.ports.inputs, asset, view.node.links);
  if (!port || state.readOnly) return false;
  const graph = shownGraph(state);
  const commands: Command[] = [
    { do: 'setValue', graph, node, port: port.name, value: assetValue(asset) },
  ];
  if (view.node.links && Object.hasOwn(view.node.links, port.name))
    commands.unshift({ do: 'disconnect', graph, to: `${node}.${port.name}` } as Command);
  store.run({ do: 'batch', label: 'drop', commands });
  store.select([node]);
  return true;
};

/** Pixels from one new node to the next. */
const STEP = 264;

/** Add nodes that load files, as one entry of the history; false if no node can. */
export function addLoaders(
  store: DocumentStore,
  files: readonly Pick<Dropped, 'asset'>[],
  at: { x: number; y: number },
): boolean {
  const state = store.getState();
  if (state.readOnly) return false;
  const graph = shownGraph(state);
  const taken = new Set(Object.keys(nodesOf(graphOf(state.document, graph))));
  const made: string[] = [];
  const commands: Command[] = [];
  for (const { asset } of files) {
    const loader = loaderFor(state.catalogue, asset);
    if (!loader) {
      say({ kind: 'warning', key: 'files:drop.noLoader', args: { name: asset.name } });
      continue;
    }
    const base = freshNodeId({ nodes: {} }, loader.type.id);
    const id = freshId(base, (one) => taken.has(one));
    taken.add(id);
    commands.push({
      do: 'addNode',
      graph,
      id,
      node: { type: loader.type.id, values: { [loader.port.name]: assetValue(asset) } },
      layout: { x: snap(at.x + made.length * STEP), y: snap(at.y - HEADER / 2) },
    });
    made.push(id);
  }
  if (!commands.length) return false;
  store.run({ do: 'batch', label: 'drop', commands });
  store.select(made);
  return true;
}

/** Files from a paste or a dialog: they come where the pointer is. */
export const takeFilesHere = (store: DocumentStore, files: readonly File[]): Promise<void> => {
  const at = pointer(store) ?? flowOf(store)?.screenToFlowPosition(middle(store)) ?? { x: 0, y: 0 };
  return takeFiles(files, { store, at });
};

const hasFiles = (event: DragEvent): boolean =>
  event.dataTransfer?.types.includes('Files') ?? false;

/** Whether files are being dragged over the page. */
export const useDragging = create<{ over: boolean }>(() => ({ over: false }));

const onDragOver = (event: DragEvent): void => {
  if (!hasFiles(event) || event.defaultPrevented) return;
  event.preventDefault();
  event.dataTransfer!.dropEffect = 'copy';
  useDragging.setState({ over: (event.target as Element).closest?.('main') != null });
};

const onDrop = (event: DragEvent): void => {
  useDragging.setState({ over: false });
  if (!hasFiles(event) || event.defaultPrevented) return;
  // Else the browser would leave the page and show the file.
  event.preventDefault();
  const store = activeDocument();
  const flow = store && flowOf(store);
  if (!store || !flow) return;
  const element = (event.target as Element).closest<HTMLElement>('.react-flow__node');
  const id = element?.dataset.id;
  const node = id !== undefined && store.getState().projected.views.has(id) ? id : undefined;
  const over = (event.target as Element).closest('main') !== null;
  const screen = over ? { x: event.clientX, y: event.clientY } : middle(store);
  const files = [...event.dataTransfer!.files];
  void takeFiles(files, { store, at: flow.screenToFlowPosition(screen), node });
};

/** Listen for files on the whole page; gives what ends that. */
export function watchDrops(): () => void {
  const leave = (event: DragEvent): void => {
    if (event.relatedTarget === null) useDragging.setState({ over: false });
  };
  window.addEventListener('dragover', onDragOver);
  window.addEventListener('dragleave', leave);
  window.addEventListener('drop', onDrop);
  return () => {
    window.removeEventListener('dragover', onDragOver);
    window.removeEventListener('dragleave', leave);
    window.removeEventListener('drop', onDrop);
  };
}
