/** From the server into the book: the one place where events come in, and where gaps are closed. */

import { api, ask, type Schemas } from '@/api/client';
import { Events, type ServerEvent, type Socket } from '@/api/events';
import { isDocument, type WorkflowDocument } from '@/core/document';
import { sameWork } from '@/core/running';
import { book } from '@/state/runs';
import { documentByUid, useWorkspace } from '@/state/workspace';
import { announce } from './announce';
import { isOn, type RunEntry } from './book';
import { remember, runsFrom } from './homes';
import { submitted } from './own';
import { watchProblems } from './problems';

const listeners = new Map<ServerEvent['type'], Set<(event: ServerEvent) => void>>();

/** Be told of events of a type, as of `library`; gives what ends that. */
export const listen = (
  type: ServerEvent['type'],
  listener: (event: ServerEvent) => void,
): (() => void) => {
  listeners.set(type, (listeners.get(type) ?? new Set()).add(listener));
  return () => listeners.get(type)?.delete(listener);
};

const gaps = new Set<() => void>();

/** Be told when something may have been missed, to ask for it. */
export const onGap = (listener: () => void): (() => void) => {
  gaps.add(listener);
  return () => gaps.delete(listener);
};

/**
 * What was told of each run, by a count of all that was: what was asked for before that is older.
 * A question and the feed go different ways, and either may be there first.
 */
const told = new Map<string, number>();
let count = 0;

/** Runs whose steps are being asked for, with what is told of them meanwhile. */
const meanwhile = new Map<string, Set<ServerEvent[]>>();

const noteTold = (event: ServerEvent): void => {
  if (!('run' in event) || event.run === null) return;
  count += 1;
  if (event.type === 'run') told.set(event.run, count);
  for (const events of meanwhile.get(event.run) ?? []) events.push(event);
};

/** A run as it was when it was asked for, or as was told since. */
const latest = (facts: Schemas['Run'], since: number): Schemas['Run'] =>
  (told.get(facts.id) ?? 0) > since ? (book.runs.get(facts.id)?.facts ?? facts) : facts;

/** The one way in for what the server tells: to the run's document, whichever is looked at. */
const take = (events: readonly ServerEvent[]): void => {
  for (const event of events) {
    const old = isOld(event);
    if (old && event.type !== 'run') continue;
    noteTold(event);
    if (event.type === 'run') announce(event.facts, book.runs.get(event.run)?.facts);
    const known = event.type === 'run' ? book.runs.has(event.run) : true;
    book.take(event, old);
    if (event.type === 'run' && !known && isOn(event.facts)) void welcome([event.run]);
    if (event.type === 'queue') void fetchQueue();
    for (const listener of listeners.get(event.type) ?? []) listener(event);
  }
};

/** How far the states that were asked for reach, by run. */
const reached = new Map<string, number>();

/** Whether the states of a run's steps were asked for after this happened to it. */
const isOld = (event: ServerEvent): boolean =>
  'run' in event && 'number' in event ? event.number <= (reached.get(event.run) ?? -1) : false;

let asked: Promise<void> | null = null;
let again = false;

/** Ask for the queue; one question at a time. */
export const fetchQueue = (): Promise<void> => {
  if (asked) {
    again = true;
    return asked;
  }
  const since = count;
  asked = ask(api.GET('/api/queue', { params: { query: { limit: 1000 } } }))
    .then(async (found) => {
      const runs = found.runs.map((facts) => latest(facts, since)).filter(isOn);
      const gone = book.settleQueue(runs, found.paused);
      await Promise.all(gone.slice(0, 50).map(fetchFacts));
    })
    .finally(() => {
      asked = null;
      if (again) {
        again = false;
        void fetchQueue();
      }
    });
  return asked;
};

const fetchFacts = async (id: string): Promise<void> => {
  const since = count;
  const answer = await api.GET('/api/runs/{id}', { params: { path: { id } } });
  if (answer.data) {
    const facts = latest(factsOf(answer.data), since);
    // The answer may be the first to tell of an end; the feed then brings no news of it.
    announce(facts, book.runs.get(id)?.facts);
    book.note(facts);
  } else if (answer.response.status === 404) book.forget(id);
};

const factsOf = (whole: Schemas['WholeRun']): Schemas['Run'] => {
  const { workflow: _workflow, targets: _targets, record: _record, ...facts } = whole;
  return facts;
};

/** A run with its document and the states of its steps, for the document that it is of. */
const fetchRun = async (id: string, home?: string): Promise<void> => {
  const path = { params: { path: { id } } };
  const since = count;
  const whole = await api.GET('/api/runs/{id}', path);
  if (!whole.data) {
    if (whole.response.status === 404) book.forget(id);
    return;
  }
  const workflow: unknown = whole.data.workflow;
  if (!isDocument(workflow)) return;
  const facts = latest(factsOf(whole.data), since);
  book.note(facts);
  const known = book.runs.get(id)?.home;
  const place = home ?? known ?? (isOn(facts) ? homeFor(workflow) : null);
  if (place === null) return;
  // What is in this tab as the very object that ran compares at a glance.
  const entry = book.runs.get(id)!;
  book.bind(facts, place, entry.workflow ?? workflow, whole.data.targets);
  await fetchSteps(id);
};

/** The states of a run's steps; what is told of them before the answer is here is told again. */
const fetchSteps = async (id: string): Promise<void> => {
  const events: ServerEvent[] = [];
  const open = meanwhile.get(id) ?? new Set();
  meanwhile.set(id, open.add(events));
  try {
    const state = await ask(api.GET('/api/runs/{id}/state', { params: { path: { id } } }));
    if (state.epoch === epoch()) reached.set(id, state.number);
    book.settle(state);
    for (const event of events)
      if (event.type !== 'run' && 'number' in event && !isOld(event)) book.take(event);
  } finally {
    open.delete(events);
    if (!open.size) meanwhile.delete(id);
  }
};

/** An open document that computes just what ran, for a run that was submitted elsewhere. */
const homeFor = (workflow: WorkflowDocument): string | null => {
  for (const store of useWorkspace.getState().documents) {
    const { document, uid } = store.getState();
    if (sameWork(document, workflow)) return uid;
  }
  return null;
};

/** Runs that have turned up: they are shown if their document is here. */
const welcome = async (ids: readonly string[]): Promise<void> => {
  await submitted();
  await Promise.all(
    ids.map(async (id) => {
      const entry = book.runs.get(id);
      if (entry && entry.workflow === null) await fetchRun(id);
    }),
  );
};

/** Whose document is open: the last run of each, and all that are on. */
const wanted = (): string[] => {
  const open = useWorkspace.getState().documents.map((one) => one.getState().uid);
  const lasting = open.flatMap((uid) => runsFrom(uid).slice(0, LAST));
  const on = book.queue.filter((id) => {
    const entry: RunEntry | undefined = book.runs.get(id);
    return entry !== undefined && (entry.home === null || open.includes(entry.home));
  });
  return [...new Set([...lasting, ...on.slice(0, 40)])];
};

/** Runs of a document that are asked for when it is opened: the nodes show what they gave. */
const LAST = 3;

const closeGap = async (): Promise<void> => {
  reached.clear();
  told.clear();
  await fetchQueue();
  const since = count;
  await Promise.all([
    ...wanted().map((id) => fetchRun(id)),
    ask(api.GET('/api/runs', { params: { query: { limit: 30 } } })).then(({ runs }) =>
      book.settleEnded(runs.map((facts) => latest(facts, since))),
    ),
  ]);
  for (const listener of gaps) listener();
};

const open = (query: string): Socket => {
  const url = new URL(`/api/events${query}`, location.href);
  url.protocol = url.protocol.replace('http', 'ws');
  const socket = new WebSocket(url);
  const made: Socket = { onmessage: null, onclose: null, close: () => socket.close() };
  socket.onmessage = (message) => made.onmessage?.({ data: message.data as unknown });
  socket.onclose = () => made.onclose?.();
  return made;
};

const feed = new Events({
  open,
  clock: {
    now: () => performance.now(),
    after: (milliseconds, then) => {
      const timer = setTimeout(then, milliseconds);
      return () => clearTimeout(timer);
    },
  },
  onEvents: take,
  onGap: closeGap,
  onState: (connected) => book.connection(connected),
  busy: () => book.isBusy(),
  probe: async () => {
    try {
      return (await fetch('/healthz', { signal: AbortSignal.timeout(1000) })).ok;
    } catch {
      return false;
    }
  },
});

const epoch = (): string => feed.name;

export const retryNow = (): void => feed.retry();

/** Listen to the server from now on. */
export function startRuns(): void {
  feed.start();
  window.addEventListener('online', () => feed.retry());
  window.addEventListener('offline', () => feed.lose());
  const watched = new Map<string, () => void>();
  const watch = (): void => {
    const open = useWorkspace.getState().documents.map((one) => one.getState().uid);
    for (const uid of open) if (!watched.has(uid)) watched.set(uid, follow(uid));
    for (const [uid, stop] of watched)
      if (!open.includes(uid)) {
        stop();
        watched.delete(uid);
      }
  };
  watch();
  useWorkspace.subscribe((now, before) => {
    if (now.documents !== before.documents) watch();
  });
}

/** Nodes of a document show when they are out of date; off the path of typing. */
const follow = (uid: string): (() => void) => {
  const store = documentByUid(uid)!;
  let timer: ReturnType<typeof setTimeout> | undefined;
  const stop = store.subscribe((now, before) => {
    if (now.document === before.document) return;
    clearTimeout(timer);
    timer = setTimeout(() => book.look(uid), 120);
  });
  if (book.connected)
    void Promise.all([
      ...runsFrom(uid)
        .slice(0, LAST)
        .filter((id) => !book.runs.get(id)?.workflow)
        .map((id) => fetchRun(id, uid)),
      welcome(book.queue.filter((id) => book.runs.get(id)?.home === null)),
    ]);
  const unwatch = watchProblems(store);
  return () => {
    clearTimeout(timer);
    stop();
    unwatch();
  };
};

/** Show a run in a document that was opened for it. */
export const showRun = async (id: string, uid: string): Promise<void> => {
  remember([id], uid);
  await fetchRun(id, uid);
};
