/** What is done to the queue and to the history. */

import { api, ask } from '@/api/client';
import { isDocument } from '@/core/document';
import { say } from '@/state/notices';
import { book } from '@/state/runs';
import { documentByUid, openDocument, useWorkspace } from '@/state/workspace';
import { remember } from './homes';
import { fetchQueue, showRun } from './server';
import { cancel, complain } from './submit';

export async function pauseQueue(paused: boolean): Promise<void> {
  try {
    await ask(api.PUT('/api/queue', { body: { paused } }));
    book.pause(paused);
  } catch (error) {
    complain(error);
  }
}

/** Give a waiting run another turn: before another one, or at the end. */
export async function move(id: string, before: string | null): Promise<void> {
  const priority = before === null ? null : (book.runs.get(before)?.facts.priority ?? null);
  try {
    await ask(
      api.POST('/api/runs/{id}/move', { params: { path: { id } }, body: { before, priority } }),
    );
    await fetchQueue();
  } catch (error) {
    complain(error);
  }
}

/** Submit again what a run was, as it was. */
export async function runAgain(ids: readonly string[]): Promise<void> {
  try {
    const wholes = await Promise.all(
      ids.map((id) => ask(api.GET('/api/runs/{id}', { params: { path: { id } } }))),
    );
    const { runs } = await ask(
      api.POST('/api/runs/batch', {
        body: {
          runs: wholes.map((whole) => ({
            workflow: whole.workflow,
            inputs: {},
            only: whole.targets,
            seed: null,
            quick: false,
            name: whole.name,
            priority: whole.priority,
            client: whole.client,
            key: crypto.randomUUID(),
          })),
        },
      }),
    );
    for (const [place, run] of runs.entries()) {
      const home = book.runs.get(ids[place]!)?.home;
      const workflow: unknown = wholes[place]!.workflow;
      if (home == null || !isDocument(workflow)) continue;
      remember([run.id], home);
      book.bind(book.runs.get(run.id)?.facts ?? run, home, workflow, wholes[place]!.targets);
    }
  } catch (error) {
    complain(error);
  }
}

/** Cancel runs; those that only waited can be had back. */
export async function cancelRuns(ids: readonly string[]): Promise<void> {
  const waiting = ids.filter((id) => book.runs.get(id)?.facts.state === 'queued');
  await cancel(ids);
  if (!ids.length) return;
  say({
    kind: 'info',
    key: 'runs:cancelled',
    args: { count: ids.length },
    ...(waiting.length ? { action: { key: 'runs:undo', run: () => void runAgain(waiting) } } : {}),
  });
}

/** Open exactly what ran, in a tab of its own, or the tab that it ran from if that is still so. */
export async function openRun(id: string): Promise<void> {
  const home = book.runs.get(id)?.home;
  const entry = book.runs.get(id);
  const store = home == null ? undefined : documentByUid(home);
  if (store && entry?.workflow && store.getState().document === entry.workflow) {
    useWorkspace.setState({ active: home! });
    return;
  }
  try {
    const whole = await ask(api.GET('/api/runs/{id}', { params: { path: { id } } }));
    const workflow: unknown = whole.workflow;
    if (!isDocument(workflow)) return;
    const opened = openDocument(workflow);
    await showRun(id, opened.getState().uid);
  } catch (error) {
    complain(error);
  }
}
