/** From a document to the library. */

import { ApiError } from '@/api/client';
import {
  createWorkflow,
  deleteWorkflow,
  getWorkflow,
  renameWorkflow,
  restoreWorkflow,
  updateWorkflow,
  type Saved,
} from '@/api/workflows';
import { readDocument } from '@/core/migrate';
import { named } from '@/core/named';
import { isUnsaved, type DocumentStore } from '@/state/document';
import { say } from '@/state/notices';
import { useWorkspace } from '@/state/workspace';
import { refreshBin, refreshLibrary, report } from './library';
import { raise, settle } from './matters';
import { nameOf } from './title';

const originOf = ({ id, version, name }: Saved) => ({ id, version, name });

/** Saves that are under way, by document: what the server tells of them is no news. */
const saving = new Map<string, Promise<boolean>>();

export const isSaving = (uid: string): boolean => saving.has(uid);

/** Save a document that has a place in the library. False if it could not be. */
export function save(store: DocumentStore): Promise<boolean> {
  const { uid } = store.getState();
  const before = saving.get(uid) ?? Promise.resolve(true);
  const made: Promise<boolean> = before
    .then(() => saveNow(store))
    .finally(() => saving.get(uid) === made && saving.delete(uid));
  saving.set(uid, made);
  return made;
}

const saveNow = async (store: DocumentStore): Promise<boolean> => {
  const { origin, document, uid } = store.getState();
  if (!origin) return false;
  store.seal();
  try {
    const sent = named(document, store.getState().catalogue);
    const saved = await updateWorkflow(origin.id, sent, origin.version);
    store.noteSaved(originOf(saved), document);
    settle(uid, 'changed');
    if (saved.deleted !== null) raise(uid, { kind: 'deleted' });
    void refreshLibrary();
    return true;
  } catch (error) {
    if (error instanceof ApiError && error.code === 'conflict') await lookAgain(store);
    else if (error instanceof ApiError && error.code === 'not-found')
      raise(uid, { kind: 'deleted' });
    else report('save', error, { name: origin.name });
    return false;
  }
};

/** Give a document a place of its own in the library. Throws what the server says against it. */
export async function saveAs(store: DocumentStore, name: string): Promise<void> {
  if (!store.getState().readOnly) store.run({ do: 'setName', name });
  const { document, uid, catalogue } = store.getState();
  const saved = await createWorkflow({ ...named(document, catalogue), name }, name);
  store.noteSaved(originOf(saved), document);
  for (const kind of ['changed', 'deleted', 'elsewhere', 'draft'] as const) settle(uid, kind);
  store.setState({ readOnly: false });
  void refreshLibrary();
}

/** Give a document another name, in the library too; what is there is saved with it if nothing else is unsaved. */
export async function rename(store: DocumentStore, name: string): Promise<void> {
  const state = store.getState();
  if (!name || name === nameOf(state) || state.readOnly) return;
  const clean = !isUnsaved(state);
  try {
    if (state.origin) {
      const saved = await renameWorkflow(state.origin.id, name);
      store.setState(({ origin }) => ({ origin: origin && { ...origin, name: saved.name } }));
    }
    store.run({ do: 'setName', name });
    if (state.origin && clean) await save(store);
    if (state.origin) void refreshLibrary();
  } catch (error) {
    report('rename', error, { name });
  }
}

/** The file as it is in the library: is there another version, is it gone? */
export async function lookAgain(store: DocumentStore): Promise<void> {
  const { origin, uid } = store.getState();
  if (!origin) return;
  try {
    compare(store, await getWorkflow(origin.id));
  } catch (error) {
    if (error instanceof ApiError && error.code === 'not-found') raise(uid, { kind: 'deleted' });
  }
}

const compare = (store: DocumentStore, saved: Saved): void => {
  const { origin, uid } = store.getState();
  if (origin?.id !== saved.id) return;
  if (saved.name !== origin.name) store.setState({ origin: { ...origin, name: saved.name } });
  if (saved.version > origin.version)
    raise(uid, { kind: 'changed', version: saved.version, changed: saved.changed });
  if (saved.deleted === null) settle(uid, 'deleted');
  else raise(uid, { kind: 'deleted' });
};

/** A workflow of the library has changed: it may be open here. */
export async function libraryChanged(id: string): Promise<void> {
  const open = useWorkspace.getState().documents.find((one) => one.getState().origin?.id === id);
  if (open) {
    await saving.get(open.getState().uid);
    await lookAgain(open);
  }
  await refreshLibrary();
}

/** All open files as they are in the library now, as after a time without a connection. */
export const lookAtAll = (): Promise<unknown> =>
  Promise.allSettled([
    refreshLibrary(),
    ...useWorkspace
      .getState()
      .documents.filter((one) => !saving.has(one.getState().uid))
      .map(lookAgain),
  ]);

/** Take the version that is in the library; one entry of the history, so that it can be undone. */
export async function reload(store: DocumentStore): Promise<void> {
  const { origin, uid } = store.getState();
  if (!origin) return;
  try {
    const found = await getWorkflow(origin.id);
    const { readOnly } = store.getState();
    store.setState({ readOnly: false });
    store.replace(readDocument(found.workflow), 'reload');
    store.setState({ readOnly });
    store.know(store.getState().catalogue);
    store.noteSaved(originOf(found));
    settle(uid, 'changed');
  } catch (error) {
    report('open', error, { name: origin.name });
  }
}

/** Go on with what is here: the next save comes after the version that is in the library. */
export function keepMine(store: DocumentStore, version: number): void {
  const { origin, uid } = store.getState();
  if (!origin) return;
  store.noteSaved({ ...origin, version }, null);
  settle(uid, 'changed');
}

/** Move a workflow to the bin; a word takes it back. */
export async function moveToBin(id: string, name: string): Promise<void> {
  try {
    await deleteWorkflow(id);
    await refreshAll();
    say({
      kind: 'info',
      key: 'files:binned',
      args: { name },
      action: { key: 'files:undo', run: () => void putBack(id, name) },
    });
  } catch (error) {
    report('delete', error, { name });
  }
}

export async function putBack(id: string, name: string): Promise<void> {
  try {
    await restoreWorkflow(id);
    await refreshAll();
  } catch (error) {
    report('putBack', error, { name });
  }
}

const refreshAll = async (): Promise<void> => {
  await Promise.all([refreshLibrary(), refreshBin()]);
};
