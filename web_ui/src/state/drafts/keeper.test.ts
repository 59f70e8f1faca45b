// @vitest-environment happy-dom
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { WorkflowDocument } from '@/core/document';
import { isUnsaved } from '@/state/document';
import { closeDocument, openDocument, useWorkspace } from '@/state/workspace';
import { Keeper, WAIT } from './keeper';
import { draftOf, readDraft, type Draft, type Session } from './record';
import { lostSessions } from './start';
import type { DraftStorage } from './storage';

/** A storage that copies as the browser's database does. */
class Memory implements DraftStorage {
  readonly kept = new Map<string, Draft>();
  readonly held = new Map<string, Session>();
  writes = 0;
  broken = false;

  drafts = () => Promise.resolve([...this.kept.values()]);
  draft = (key: string) => Promise.resolve(this.kept.get(key));
  sessions = () => Promise.resolve([...this.held.values()]);
  aside = () => Promise.resolve([]);
  setAside = () => Promise.resolve();
  write: DraftStorage['write'] = (changes) => {
    if (this.broken) return Promise.reject(new Error('full'));
    this.writes += 1;
    for (const key of changes.goneDrafts ?? []) this.kept.delete(key);
    for (const draft of changes.drafts ?? []) this.kept.set(draft.key, structuredClone(draft));
    for (const one of changes.sessions ?? []) this.held.set(one.key, structuredClone(one));
    return Promise.resolve();
  };
}

const place = { workspace: 'here', tab: 'tab' };
const document: WorkflowDocument = { musegraph: 1, nodes: { a: { type: 'core.number' } } };
const value = (to: number) =>
  ({ do: 'setValue', graph: '', node: 'a', port: 'value', value: to }) as const;

let storage: Memory;
let stop = (): void => {};

beforeEach(() => {
  vi.useFakeTimers();
  useWorkspace.setState({ documents: [], active: '' });
  storage = new Memory();
});

afterEach(() => {
  stop();
  vi.useRealTimers();
});

const start = (failed: (error: unknown) => void = () => {}): Keeper => {
  const keeper = new Keeper(storage, place, failed);
  stop = keeper.start();
  return keeper;
};

const only = (): Draft => {
  expect(storage.kept.size).toBe(1);
  return [...storage.kept.values()][0]!;
};

describe('drafts (T1)', () => {
  it('are written within a second of the first change, however long one goes on', async () => {
    const store = openDocument(document);
    start();
    await vi.advanceTimersByTimeAsync(WAIT);
    for (let at = 0; at < 10; at += 1) {
      store.run(value(at));
      await vi.advanceTimersByTimeAsync(WAIT / 5);
    }
    expect(only().document.nodes!.a!.values!.value).toBeGreaterThanOrEqual(4);
    await vi.advanceTimersByTimeAsync(WAIT);
    expect(only().document.nodes!.a!.values!.value).toBe(9);
    expect(WAIT).toBeLessThan(2000);
  });

  it('are not written while nothing changes', async () => {
    openDocument(document);
    start();
    await vi.advanceTimersByTimeAsync(WAIT);
    const { writes } = storage;
    await vi.advanceTimersByTimeAsync(WAIT * 20);
    expect(storage.writes).toBe(writes);
  });

  it('bring back the document, its history and what was saved, as the same objects', async () => {
    const store = openDocument(document, { origin: { id: 'f', version: 2, name: 'F' } });
    start();
    store.run(value(1));
    store.seal();
    store.run(value(2));
    store.undo();
    await vi.advanceTimersByTimeAsync(WAIT);
    const read = readDraft(only());
    useWorkspace.setState({ documents: [], active: '' });
    const again = openDocument(read.document, read);
    expect(again.getState().uid).toBe(store.getState().uid);
    expect(again.getState().origin).toEqual({ id: 'f', version: 2, name: 'F' });
    expect(isUnsaved(again.getState())).toBe(true);
    again.undo();
    expect(isUnsaved(again.getState())).toBe(false);
    again.redo();
    again.redo();
    expect(again.getState().document.nodes!.a!.values).toEqual({ value: 2 });
  });

  it('go with a document that is closed, and stay with one that is closed unsaved (T2)', async () => {
    const keeper = start();
    const one = openDocument(document);
    const two = openDocument({ ...document, name: 'two' });
    await vi.advanceTimersByTimeAsync(WAIT);
    expect(storage.kept.size).toBe(2);
    closeDocument(one.getState().uid);
    two.run(value(5));
    await keeper.keepClosed(two);
    closeDocument(two.getState().uid);
    await vi.advanceTimersByTimeAsync(WAIT);
    const left = [...storage.kept.values()].filter((draft) => draft.closed !== null);
    expect(left.map((draft) => [draft.name, draft.unsaved])).toEqual([['two', true]]);
    expect(storage.kept.has(`here tab ${one.getState().uid}`)).toBe(false);
  });

  it('that cannot be written are owed, told of once, and written when they can be', async () => {
    const failed = vi.fn();
    const store = openDocument(document);
    const keeper = start(failed);
    storage.broken = true;
    store.run(value(1));
    await vi.advanceTimersByTimeAsync(WAIT);
    store.run(value(2));
    await vi.advanceTimersByTimeAsync(WAIT);
    expect(failed).toHaveBeenCalledTimes(1);
    expect(keeper.owes).toBe(true);
    storage.broken = false;
    await keeper.flush();
    expect(keeper.owes).toBe(false);
    expect(only().document.nodes!.a!.values).toEqual({ value: 2 });
  });

  it('that are none are refused (T6)', () => {
    const draft = draftOf(openDocument(document).getState(), { ...place, time: 0 });
    expect(() => readDraft({ ...draft, format: 2 } as unknown as Draft)).toThrow('format 2');
    const broken = { musegraph: 1, nodes: 'no' } as unknown as WorkflowDocument;
    expect(() => readDraft({ ...draft, document: broken })).toThrow();
  });
});

describe('which sessions come back', () => {
  const session = (tab: string, time: number, workspace = 'here'): Session => ({
    key: `${workspace} ${tab}`,
    workspace,
    tab,
    open: [],
    active: '',
    time,
  });
  const all = [
    session('tab', 3),
    session('dead', 1),
    session('alive', 2),
    session('x', 4, 'there'),
  ];
  const names = (again: boolean): string[] =>
    lostSessions(all, { ...place, again }, (tab) => tab === 'alive').map(({ tab }) => tab);

  it('are those of tabs that are gone, and the own one after a reload', () => {
    expect(names(true)).toEqual(['dead', 'tab']);
  });

  it('are not the own one of a tab that was duplicated', () => {
    expect(names(false)).toEqual(['dead']);
  });
});
