/** Drafts of documents that were closed without saving: to be found again, or thrown away. */

import { create } from 'zustand';
import type { DocumentStore } from '@/state/document';
import { say } from '@/state/notices';
import { activate, openDocument, useWorkspace } from '@/state/workspace';
import { raise, settle } from '@/state/files/matters';
import { readDraft, type Draft } from './record';
import type { Keeper } from './keeper';

export interface ClosedDraft {
  key: string;
  name: string;
  file: string | null;
  /** Milliseconds since 1970. */
  time: number;
  nodes: number;
}

export const useDrafts = create<{ closed: readonly ClosedDraft[] }>(() => ({ closed: [] }));

/** Days after which the draft of a closed document is forgotten, and how many there are at most. */
const DAYS = 30;
const MOST = 50;

let keeper: Keeper | null = null;

export const setKeeper = (made: Keeper): void => {
  keeper = made;
};

const facts = ({ key, name, file, time, document }: Draft): ClosedDraft => ({
  key,
  name,
  file,
  time,
  nodes: Object.keys(document?.nodes ?? {}).length,
});

/** Without locks nobody knows which tabs live: what others have not saved is offered, too. */
const isLeft = (draft: Draft, tab: string): boolean =>
  draft.closed !== null || (!navigator.locks && draft.unsaved && draft.tab !== tab);

export async function refreshClosed(): Promise<void> {
  const { storage, place } = keeper!;
  const found = (await storage?.drafts()) ?? [];
  const closed = found
    .filter((draft) => draft.workspace === place.workspace && isLeft(draft, place.tab))
    .sort((a, b) => b.time - a.time);
  const limit = Date.now() - DAYS * 86_400_000;
  const old = closed.filter((draft, at) => at >= MOST || draft.time < limit);
  if (old.length) await storage!.write({ goneDrafts: old.map(({ key }) => key) });
  useDrafts.setState({ closed: closed.filter((draft) => !old.includes(draft)).map(facts) });
}

/** Read a draft; one that cannot be read is put aside and told of, never dropped. */
export async function readOrPutAside(draft: Draft): Promise<ReturnType<typeof readDraft> | null> {
  try {
    return readDraft(draft);
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    await keeper?.storage?.setAside(draft.key, { draft, reason, time: Date.now() });
    say({
      kind: 'error',
      key: 'files:draft.unreadable',
      args: { name: String(draft.name ?? '') },
      action: { key: 'files:draft.download', run: () => download(draft) },
    });
    return null;
  }
}

const download = (draft: Draft): void => {
  const link = document.createElement('a');
  link.href = URL.createObjectURL(new Blob([JSON.stringify(draft, null, 2)]));
  link.download = 'draft.json';
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 10_000);
};

/** Keep a document's draft; its tab can be closed then. */
export async function keepClosed(store: DocumentStore): Promise<string | null> {
  if (!keeper) return null;
  const { key } = await keeper.keepClosed(store);
  await refreshClosed();
  return key;
}

/** Open a closed draft as it was left. */
export async function reopenDraft(key: string): Promise<void> {
  const draft = await keeper?.storage?.draft(key);
  const read = draft && (await readOrPutAside(draft));
  if (!draft || !read) return void refreshClosed();
  const open = useWorkspace
    .getState()
    .documents.find((one) => read.origin && one.getState().origin?.id === read.origin.id);
  if (open) {
    activate(open.getState().uid);
    raise(open.getState().uid, { kind: 'draft', key, time: draft.time / 1000, fileTime: 0 });
    return;
  }
  openDocument(read.document, read);
  await keeper!.flush();
  const own = draft.key.startsWith(`${keeper!.place.workspace} ${keeper!.place.tab} `);
  if (!own) await keeper!.storage?.write({ goneDrafts: [key] });
  await refreshClosed();
}

/** Put the draft of a file in the place of what was read from the file; can be undone. */
export async function restoreDraft(store: DocumentStore, key: string): Promise<void> {
  const draft = await keeper?.storage?.draft(key);
  const read = draft && (await readOrPutAside(draft));
  settle(store.getState().uid, 'draft');
  if (!read) return void refreshClosed();
  store.replace(read.document, 'restoreDraft');
  store.know(store.getState().catalogue);
  store.setState({ viewports: { ...store.getState().viewports, ...read.kept.viewports } });
  await keeper!.flush();
  await keeper!.storage?.write({ goneDrafts: [key] });
  await refreshClosed();
}

/** Throw a draft away; a word takes it back. */
export async function discardDraft(key: string): Promise<void> {
  const draft = await keeper?.storage?.draft(key);
  await keeper?.storage?.write({ goneDrafts: [key] });
  await refreshClosed();
  if (!draft) return;
  say({
    kind: 'info',
    key: 'files:draft.discarded',
    action: {
      key: 'files:undo',
      run: () => void keeper!.storage!.write({ drafts: [draft] }).then(refreshClosed),
    },
  });
}

/** Ask above the canvas of a file whether its draft is meant, if there is one. */
export async function offerDraft(store: DocumentStore, fileTime: number): Promise<void> {
  const { origin, uid } = store.getState();
  if (!keeper || !origin) return;
  await refreshClosed();
  const found = useDrafts.getState().closed.find((one) => one.file === origin.id);
  if (found) raise(uid, { kind: 'draft', key: found.key, time: found.time / 1000, fileTime });
}
