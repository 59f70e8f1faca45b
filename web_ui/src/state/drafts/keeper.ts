/** Keeps a draft of every open document, a second after it was changed at the latest. */

import type { DocumentState, DocumentStore } from '@/state/document';
import { useWorkspace } from '@/state/workspace';
import { draftOf, keyOf, type Draft, type WorkspaceName } from './record';
import type { DraftStorage } from './storage';

interface Place {
  workspace: WorkspaceName;
  tab: string;
}

/** Milliseconds from a change to when it is written. */
export const WAIT = 800;

const differs = (a: DocumentState, b: DocumentState): boolean =>
  a.document !== b.document ||
  a.saved !== b.saved ||
  a.origin !== b.origin ||
  a.stack !== b.stack ||
  a.viewports !== b.viewports ||
  a.history !== b.history;

export class Keeper {
  private readonly changed = new Set<string>();
  private readonly gone = new Set<string>();
  private readonly watched = new Map<string, () => void>();
  /** Closed with changes that were not saved: their drafts stay. */
  private readonly closing = new Set<string>();
  private sessionChanged = false;
  private timer: ReturnType<typeof setTimeout> | undefined;
  private writing: Promise<void> = Promise.resolve();
  private failed: unknown = null;

  constructor(
    readonly storage: DraftStorage | null,
    readonly place: Place,
    private readonly onFailure: (error: unknown) => void = () => {},
    private readonly now: () => number = Date.now,
  ) {}

  /** Whether something is not in a draft and would be lost with the page. */
  get owes(): boolean {
    return this.failed !== null || this.storage === null;
  }

  start(): () => void {
    this.watch();
    for (const uid of this.watched.keys()) this.changed.add(uid);
    this.sessionChanged = true;
    this.plan();
    const stop = useWorkspace.subscribe((now, before) => {
      if (now.documents === before.documents && now.active === before.active) return;
      this.watch();
      this.sessionChanged = true;
      this.plan();
    });
    return () => {
      stop();
      clearTimeout(this.timer);
      for (const unwatch of this.watched.values()) unwatch();
      this.watched.clear();
    };
  }

  /** Close a document's tab soon: its draft stays, and is told apart from those of open ones. */
  async keepClosed(store: DocumentStore): Promise<Draft> {
    const state = store.getState();
    const time = this.now();
    const draft = draftOf(state, { ...this.place, time, closed: time });
    this.closing.add(state.uid);
    this.changed.delete(state.uid);
    await this.write(() => this.storage?.write({ drafts: [draft] }));
    return draft;
  }

  /** Write all that is open, as when it came from other tabs. */
  flushAll(): Promise<void> {
    for (const one of useWorkspace.getState().documents) this.changed.add(one.getState().uid);
    this.sessionChanged = true;
    return this.flush();
  }

  /** Write what has changed, now. */
  flush(): Promise<void> {
    clearTimeout(this.timer);
    this.timer = undefined;
    const { documents, active } = useWorkspace.getState();
    const time = this.now();
    const open = documents.filter((one) => !this.closing.has(one.getState().uid));
    const changed = open.filter((one) => this.changed.has(one.getState().uid));
    const gone = [...this.gone];
    if (!changed.length && !gone.length && !this.sessionChanged && this.failed === null)
      return this.writing;
    this.changed.clear();
    this.gone.clear();
    this.sessionChanged = false;
    const { workspace, tab } = this.place;
    const session = {
      key: keyOf(workspace, tab),
      workspace,
      tab,
      open: open.map((one) => one.getState().uid),
      active,
      time,
    };
    const failed = this.failed === null ? changed : open;
    return this.write(() =>
      this.storage?.write({
        drafts: failed.map((one) => draftOf(one.getState(), { ...this.place, time })),
        sessions: [session],
        goneDrafts: gone.map((uid) => keyOf(workspace, tab, uid)),
      }),
    );
  }

  private write(work: () => Promise<void> | undefined): Promise<void> {
    // It starts at once, not after the one before: the page may be about to go.
    const made = (async () => {
      try {
        await work();
        this.failed = null;
      } catch (error) {
        const first = this.failed === null;
        this.failed = error;
        if (first) this.onFailure(error);
      }
    })();
    this.writing = Promise.all([this.writing, made]).then(() => undefined);
    return this.writing;
  }

  private plan(): void {
    this.timer ??= setTimeout(() => void this.flush(), WAIT);
  }

  private watch(): void {
    const { documents } = useWorkspace.getState();
    const open = new Map(documents.map((one) => [one.getState().uid, one]));
    for (const [uid, store] of open)
      if (!this.watched.has(uid)) {
        this.watched.set(
          uid,
          store.subscribe((now, before) => {
            if (!differs(now, before)) return;
            this.changed.add(uid);
            this.plan();
          }),
        );
        this.changed.add(uid);
        this.gone.delete(uid);
      }
    for (const [uid, unwatch] of this.watched)
      if (!open.has(uid)) {
        unwatch();
        this.watched.delete(uid);
        this.changed.delete(uid);
        if (!this.closing.delete(uid)) this.gone.add(uid);
      }
  }
}
