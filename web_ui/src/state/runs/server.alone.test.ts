// @vitest-environment happy-dom
import { expect, test, vi } from 'vitest';
import type { RunFacts } from './book';

const RUN = { id: 'r', name: 'Sky', state: 'running', created: 1 } as unknown as RunFacts;

const ANSWERS: Record<string, unknown> = {
  '/api/queue': { runs: [], paused: false },
  '/api/runs/{id}': { ...RUN, state: 'done' },
};

vi.mock('@/api/client', async (original) => ({
  ...(await original<object>()),
  api: {
    GET: (path: string) =>
      Promise.resolve({ data: ANSWERS[path], response: new Response(null, { status: 200 }) }),
  },
}));

test('the end of a run is announced also where an answer tells of it before the feed does', async () => {
  const { book } = await import('@/state/runs');
  const { useAnnouncement } = await import('./announce');
  const { fetchQueue } = await import('./server');
  book.note(RUN);
  await fetchQueue();
  expect(book.runs.get('r')?.facts.state).toBe('done');
  expect(useAnnouncement.getState().said).toEqual({ key: 'announce.done', name: 'Sky' });
});
