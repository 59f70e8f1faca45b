/** Drafts from the start of the page to its end: what was open comes back, and is kept from then on. */

import { say } from '@/state/notices';
import { ownTab, isAlive } from '@/state/tabs/own';
import { activate, closeDocument, openDocument, useWorkspace } from '@/state/workspace';
import { readOrPutAside, refreshClosed, setKeeper } from './closed';
import { Keeper } from './keeper';
import { keyOf, type Draft, type Session } from './record';
import { browserStorage, type DraftStorage } from './storage';

/** Bring back what this tab had open, and what tabs had open that are no more. */
export async function startDrafts(workspace: string): Promise<void> {
  const { tab, again } = await ownTab();
  const storage = await browserStorage().catch(() => null);
  const keeper = new Keeper(storage, { workspace, tab }, () =>
    say({ kind: 'error', key: 'files:draft.unwritten' }),
  );
  setKeeper(keeper);
  if (storage) {
    const bringBack = () => restore(storage, keeper, again);
    // Two tabs that are opened at once do not bring back the same.
    if (navigator.locks) await navigator.locks.request('musegraph.restore', bringBack);
    else await bringBack();
    void refreshClosed();
  }
  keeper.start();
  watchEnd(keeper);
}

/** The sessions whose documents are brought back: this tab's own, and those of tabs that are gone. */
export const lostSessions = (
  sessions: readonly Session[],
  own: { workspace: string; tab: string; again: boolean },
  alive: (tab: string) => boolean,
): Session[] =>
  sessions
    .filter(({ workspace }) => workspace === own.workspace)
    .filter(({ tab }) => (tab === own.tab ? own.again : !alive(tab)))
    .sort((a, b) => a.time - b.time);

const restore = async (storage: DraftStorage, keeper: Keeper, again: boolean): Promise<void> => {
  const { workspace, tab } = keeper.place;
  const [sessions, drafts, alive] = await Promise.all([
    storage.sessions(),
    storage.drafts(),
    isAlive(),
  ]);
  const lost = lostSessions(sessions, { workspace, tab, again }, alive);
  const open = lost.flatMap((session) =>
    session.open.map((uid) => drafts.find((one) => one.key === keyOf(workspace, session.tab, uid))),
  );
  // A draft that was written before its session was.
  const stray = drafts.filter(
    (one) =>
      one.workspace === workspace &&
      one.closed === null &&
      one.unsaved &&
      !open.includes(one) &&
      (one.tab === tab || !alive(one.tab)),
  );
  const found = [...open, ...stray].filter(
    (one): one is Draft => one !== undefined && one.closed === null,
  );
  let unsaved = 0;
  const moved: string[] = [];
  const kept: Draft[] = [];
  for (const draft of found) {
    const read = await readOrPutAside(draft);
    if (!read) continue;
    const taken = useWorkspace
      .getState()
      .documents.some((one) => read.origin && one.getState().origin?.id === read.origin.id);
    if (draft.tab !== tab) moved.push(draft.key);
    if (taken) {
      // Two tabs had the same file: one is shown, the other is found among the drafts.
      if (draft.unsaved)
        kept.push({ ...draft, tab, key: keyOf(workspace, tab, draft.uid), closed: draft.time });
      continue;
    }
    openDocument(read.document, read);
    if (draft.unsaved && draft.tab !== tab) unsaved += 1;
  }
  const last = lost.at(-1)?.active;
  if (useWorkspace.getState().documents.some((one) => one.getState().uid === last)) activate(last!);
  dropBlanks();
  await keeper.flushAll();
  await storage.write({
    drafts: kept,
    goneDrafts: moved,
    goneSessions: lost.filter((one) => one.tab !== tab).map(({ key }) => key),
  });
  if (unsaved) say({ kind: 'info', key: 'files:draft.restored', args: { count: unsaved } });
};

/** Untouched documents of tabs that are gone are of no use beside others. */
const dropBlanks = (): void => {
  const { documents } = useWorkspace.getState();
  for (const one of documents) {
    const { document, history, origin, uid } = one.getState();
    const blank = !Object.keys(document.nodes ?? {}).length && !history.past.length && !origin;
    if (blank && useWorkspace.getState().documents.length > 1) closeDocument(uid);
  }
};

const watchEnd = (keeper: Keeper): void => {
  document.addEventListener('visibilitychange', () => {
    if (document.visibilityState === 'hidden') void keeper.flush();
  });
  window.addEventListener('pagehide', () => void keeper.flush());
  window.addEventListener('beforeunload', (event) => {
    void keeper.flush();
    if (keeper.owes && useWorkspace.getState().documents.some(isDirty)) event.preventDefault();
  });
};

const isDirty = (one: { getState(): { document: unknown; saved: unknown } }): boolean =>
  one.getState().document !== one.getState().saved;
