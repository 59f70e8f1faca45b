/** Taking runs out of the history: at once for the eye, for good when nobody wanted them back. */

import { create } from 'zustand';
import { api, ask } from '@/api/client';
import { say } from '@/state/notices';
import { book } from '@/state/runs';
import { complain } from './submit';

const useForgetting = create<{ hidden: ReadonlySet<string> }>(() => ({ hidden: new Set() }));

/** Runs that are as good as gone. */
export const useHidden = (): ReadonlySet<string> => useForgetting((state) => state.hidden);

const hide = (ids: readonly string[], away: boolean): void =>
  useForgetting.setState(({ hidden }) => {
    const next = new Set(hidden);
    for (const id of ids)
      if (away) next.add(id);
      else next.delete(id);
    return { hidden: next };
  });

/** Milliseconds in which they can be had back. */
const GRACE = 8000;

const waiting = new Map<readonly string[], ReturnType<typeof setTimeout>>();

const carryOut = async (ids: readonly string[]): Promise<void> => {
  clearTimeout(waiting.get(ids));
  waiting.delete(ids);
  try {
    await Promise.all(
      ids.map((id) =>
        ask(api.DELETE('/api/runs/{id}', { params: { path: { id } }, keepalive: true })),
      ),
    );
    for (const id of ids) book.forget(id);
  } catch (error) {
    complain(error);
  }
  hide(ids, false);
};

/** Take runs out of the history, files and cache are left alone; for a moment it can be undone. */
export function forget(ids: readonly string[]): void {
  if (!ids.length) return;
  hide(ids, true);
  waiting.set(
    ids,
    setTimeout(() => void carryOut(ids), GRACE),
  );
  say({
    kind: 'info',
    key: 'runs:forgotten',
    args: { count: ids.length },
    action: {
      key: 'runs:undo',
      run() {
        clearTimeout(waiting.get(ids));
        waiting.delete(ids);
        hide(ids, false);
      },
    },
  });
}

// Who closes the page meanwhile has not changed their mind.
globalThis.addEventListener?.('pagehide', () => {
  for (const ids of [...waiting.keys()]) void carryOut(ids);
});
