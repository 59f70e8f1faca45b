/** Bringing a document into the queue, with the seeds that it is to run with. */

import { api, ApiError, ask, type Schemas } from '@/api/client';
import { prepareRuns } from '@/core/runSeeds';
import type { DocumentStore } from '@/state/document';
import { say } from '@/state/notices';
import { book } from '@/state/runs';
import { useWorkspace } from '@/state/workspace';
import { remember } from './homes';
import { noteProblems } from './problems';
import { submitting } from './own';

export interface Wish {
  /** Before everything that waits. */
  front?: boolean;
  /** How many runs, each with the next seeds. */
  count?: number;
  /** Nodes, by path, or outputs that are to be run for; all if there are none. */
  only?: readonly string[];
}

/** A priority above that of all that wait; others may be on their way, whose priority is 0. */
const frontPriority = (): number => {
  const waiting = book.queue.flatMap((id) => {
    const facts = book.runs.get(id)?.facts;
    return facts?.state === 'queued' ? facts.priority : [];
  });
  return Math.min(100, Math.max(0, ...waiting) + 1);
};

/** Runs of a document; those that were put into the queue, none if it refused them. */
export async function submit(store: DocumentStore, wish: Wish = {}): Promise<Schemas['Run'][]> {
  const { document, uid, catalogue, origin } = store.getState();
  const only = [...(wish.only ?? [])];
  const before = book.runsOf(uid)[0]?.workflow ?? null;
  const { documents, commands } = prepareRuns(document, catalogue, before, wish.count ?? 1);
  // The document shows what the last of them runs with.
  if (commands.length) store.run({ do: 'batch', label: 'run', commands }, { group: null });
  const last = documents.length - 1;
  const own = store.getState().document;
  const made = documents.map((one, place) => (place === last ? own : one));
  const name = document.name || origin?.name || '';
  const priority = wish.front ? frontPriority() : 0;
  const bodies = made.map((workflow) => ({
    workflow: workflow as unknown as Record<string, unknown>,
    inputs: {},
    only,
    seed: null,
    quick: false,
    name,
    priority,
    client: 'canvas',
    key: crypto.randomUUID(),
  }));
  const over = submitting();
  try {
    const { runs } = await ask(api.POST('/api/runs/batch', { body: { runs: bodies } }));
    remember(
      runs.map((run) => run.id),
      uid,
    );
    for (const [place, run] of runs.entries()) {
      const facts = book.runs.get(run.id)?.facts ?? run; // an event may have come before
      book.bind(facts, uid, made[place]!, only);
    }
    return runs;
  } catch (error) {
    refused(store, error);
    return [];
  } finally {
    over();
  }
}

const refused = (store: DocumentStore, error: unknown): void => {
  if (!(error instanceof ApiError)) throw error;
  if (error.problems.length) {
    const { uid, document } = store.getState();
    noteProblems(uid, document, error.problems);
    say({
      kind: 'error',
      key: 'runs:refused',
      args: { count: error.problems.length },
      action: {
        key: 'runs:showProblems',
        run: () => useWorkspace.setState({ bottom: 'problems' }),
      },
    });
  } else if (error.code === 'offline') say({ kind: 'error', key: 'runs:offline' });
  else say({ kind: 'error', key: 'runs:refused', said: error });
};

/** Cancel runs: those that wait are over at once, those that run stop at their next step. */
export async function cancel(ids: readonly string[] | null): Promise<void> {
  await ask(api.POST('/api/runs/cancel', { body: { runs: ids === null ? null : [...ids] } })).catch(
    complain,
  );
}

export const complain = (error: unknown): void => {
  if (!(error instanceof ApiError)) throw error;
  say(
    error.code === 'offline'
      ? { kind: 'error', key: 'runs:offline' }
      : { kind: 'error', key: 'runs:refused', said: error },
  );
};

/** What is on of a document, or of all if it has nothing on. */
export const interruptible = (uid: string): string[] => {
  const on = book.queue.filter((id) => book.runs.get(id)?.facts.state === 'running');
  const own = on.filter((id) => book.runs.get(id)?.home === uid);
  return own.length ? own : on;
};
