/** Undo, copy, paste, remove: what every editor has. */

import { copyItems, pastedNames, readFragment, type Command, type Fragment } from '@/core/commands';
import { canvasOf, graphOf } from '@/core/document';
import { bounds, snap } from '@/core/geometry';
import { itemsOf } from '@/core/project';
import { cutCommands } from '@/canvas/connecting';
import { rectOf } from '@/canvas/places';
import { shownGraph, type DocumentStore } from '@/state/document';
import { say } from '@/state/notices';
import { openText } from '@/state/files/opening';
import { readClipboard } from '../clipboard';
import { takeFilesHere } from '../dropping';
import { pointer } from '../pointer';
import { register, type Context } from './registry';

const hasSelection = ({ store }: Context): boolean => store.getState().selection.size > 0;
const hasAny = ({ store }: Context): boolean =>
  store.getState().selection.size + store.getState().selectedLinks.size > 0;
const canEdit = ({ store }: Context): boolean => !store.getState().readOnly;

/** The commands that take the selection away, links included. */
const removal = (store: DocumentStore): Command[] => {
  const { selection, selectedLinks, projected } = store.getState();
  const graph = shownGraph(store.getState());
  const cuts = projected.segments
    .filter(
      (segment) =>
        selectedLinks.has(segment.id) &&
        !selection.has(segment.source) &&
        !selection.has(segment.target),
    )
    .flatMap((segment) => cutCommands(graph, segment));
  return selection.size ? [...cuts, { do: 'remove', graph, items: [...selection] }] : cuts;
};

const copy = async (store: DocumentStore): Promise<void> => {
  const { document, selection } = store.getState();
  const fragment = copyItems(document, shownGraph(store.getState()), selection);
  await navigator.clipboard.writeText(JSON.stringify(fragment));
};

/** Put a fragment in, at the pointer; what it brings is selected. */
export const pasteFragment = (
  store: DocumentStore,
  fragment: Fragment,
  options: { incoming?: boolean; at?: { x: number; y: number } } = {},
): void => {
  const state = store.getState();
  const graph = shownGraph(state);
  const places = [
    ...Object.values(fragment.canvas.nodes ?? {}),
    ...Object.values(fragment.canvas.frames ?? {}),
    ...Object.values(fragment.canvas.notes ?? {}),
  ];
  const around = bounds(places.map((one) => ({ x: one.x, y: one.y, width: 0, height: 0 }))) ?? {
    x: 0,
    y: 0,
  };
  const at = options.at ?? pointer(store) ?? { x: around.x + 32, y: around.y + 32 };
  const by = { x: snap(at.x - around.x), y: snap(at.y - around.y) };
  while (places.some((one) => isTaken(store, one.x + by.x, one.y + by.y))) {
    by.x += 32;
    by.y += 32;
  }
  const names = pastedNames(graphOf(state.document, graph), fragment);
  store.run({ do: 'paste', graph, fragment, by, ...(options.incoming ? { incoming: true } : {}) });
  store.select(names.values());
};

const isTaken = (store: DocumentStore, x: number, y: number): boolean => {
  const nodes =
    canvasOf(graphOf(store.getState().document, shownGraph(store.getState()))).nodes ?? {};
  return Object.values(nodes).some((one) => one.x === x && one.y === y);
};

const paste = async (store: DocumentStore, incoming: boolean): Promise<void> => {
  const { text, files } = await readClipboard();
  const fragment = readFragment(text);
  const isWorkflow = /^\s*\{[^]*"musegraph"/.test(text);
  if (isWorkflow && !fragment) openText(text, '');
  else if (!fragment && files.length) await takeFilesHere(store, files);
  else if (!fragment) say({ kind: 'info', key: 'notices:paste.nothing' });
  else if (!store.getState().readOnly) pasteFragment(store, fragment, { incoming });
};

const duplicate = (store: DocumentStore): void => {
  const { document, selection } = store.getState();
  const fragment = copyItems(document, shownGraph(store.getState()), selection);
  const around = bounds([...selection].flatMap((item) => rectOf(store, item) ?? []));
  if (around)
    pasteFragment(store, fragment, { incoming: true, at: { x: around.x + 32, y: around.y + 32 } });
};

register(
  {
    id: 'edit.undo',
    group: 'edit',
    keys: ['Ctrl+Z'],
    when: ({ store }) => store.getState().history.past.length > 0,
    run: ({ store }) => store.undo(),
  },
  {
    id: 'edit.redo',
    group: 'edit',
    keys: ['Ctrl+Shift+Z', 'Ctrl+Y'],
    when: ({ store }) => store.getState().history.future.length > 0,
    run: ({ store }) => store.redo(),
  },
  {
    id: 'edit.cut',
    group: 'edit',
    keys: ['Ctrl+X'],
    when: (context) => hasSelection(context) && canEdit(context),
    run: async ({ store }) => {
      await copy(store);
      store.run({ do: 'batch', label: 'cut', commands: removal(store) });
    },
  },
  {
    id: 'edit.copy',
    group: 'edit',
    keys: ['Ctrl+C'],
    when: hasSelection,
    run: ({ store }) => copy(store),
  },
  {
    id: 'edit.paste',
    group: 'edit',
    keys: ['Ctrl+V'],
    run: ({ store }) => paste(store, false),
  },
  {
    id: 'edit.pasteLinked',
    group: 'edit',
    keys: ['Ctrl+Shift+V'],
    when: canEdit,
    run: ({ store }) => paste(store, true),
  },
  {
    id: 'edit.duplicate',
    group: 'edit',
    keys: ['Ctrl+D'],
    when: (context) => hasSelection(context) && canEdit(context),
    run: ({ store }) => duplicate(store),
  },
  {
    id: 'edit.delete',
    group: 'edit',
    keys: ['Delete', 'Backspace'],
    when: (context) => hasAny(context) && canEdit(context),
    run: ({ store }) => store.run({ do: 'batch', label: 'remove', commands: removal(store) }),
  },
  {
    id: 'edit.selectAll',
    group: 'edit',
    keys: ['Ctrl+A'],
    run: ({ store }) => store.select(itemsOf(store.getState().projected)),
  },
);
