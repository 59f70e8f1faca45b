/** What a screen reader is told of runs: that one began, ended or failed; no more than every 2 s. */

import { create } from 'zustand';
import type { RunFacts } from './book';

export interface Announcement {
  /** Key of the texts, in the namespace `runs`. */
  key: string;
  name: string;
}

export const useAnnouncement = create<{ said: Announcement | null; count: number }>(() => ({
  said: null,
  count: 0,
}));

export const PAUSE = 2000;

let waiting: Announcement | null = null;
let quiet = false;

const speak = (one: Announcement): void => {
  useAnnouncement.setState(({ count }) => ({ said: one, count: count + 1 }));
  quiet = true;
  setTimeout(() => {
    quiet = false;
    const next = waiting;
    waiting = null;
    if (next) speak(next);
  }, PAUSE);
};

/** Say it now, or the latest of what came once there was a pause. */
export const announce = (after: RunFacts, before: RunFacts | undefined): void => {
  if (after.state === before?.state || after.state === 'queued') return;
  if (!before && after.state !== 'running') return;
  const one = { key: `announce.${after.state}`, name: after.name };
  if (quiet) waiting = one;
  else speak(one);
};
