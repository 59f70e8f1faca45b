/** Runs, as parts of the page look at them. */

import { useCallback, useSyncExternalStore } from 'react';
import { documentByUid } from './workspace';
import { CONNECTION, nodeKey, QUEUE, RunBook, runKey, type RunFacts } from './runs/book';
import { homeOf } from './runs/homes';
import type { NodeRun } from './runs/node';
import type { Step } from './runs/step';

export type { RunFacts } from './runs/book';
export type { NodeResult, NodeRun, NodeStatus } from './runs/node';

/** All that is known of runs in this tab. */
export const book = new RunBook((uid) => documentByUid(uid)?.getState().document, homeOf);

const useBook = <T>(key: string, read: () => T): T =>
  useSyncExternalStore(
    useCallback((listener: () => void) => book.subscribe(key, listener), [key]),
    read,
  );

/** How a node is in the last run that was about it; null if there was none. */
export const useNodeRun = (uid: string, path: string): NodeRun | null =>
  useBook(nodeKey(uid, path), () => book.node(uid, path));

export const useRun = (id: string): RunFacts | undefined =>
  useBook(runKey(id), () => book.runs.get(id)?.facts);

/** How much of a run is done, from 0 to 1. */
export const useShare = (id: string): number => useBook(runKey(id), () => book.shareOf(id));

/** The step that a failed run failed at, if its steps are known. */
export const useFailedStep = (id: string): Step | null =>
  useBook(runKey(id), () => book.failedStep(id));

/** The latest picture of what a run is making, as a data URL. */
export const useRunPreview = (id: string): string | null =>
  useBook(runKey(id), () => book.runs.get(id)?.preview ?? null);

/** The runs of a document, the latest first; looked at anew when one begins or ends. */
export const useRunsOf = (uid: string): readonly string[] =>
  useBook(`document ${uid}`, () => book.idsOf(uid));

/** What runs and waits, in order. */
export const useQueue = (): readonly string[] => useBook(QUEUE, () => book.queue);

/** What ended lately, the latest first. */
export const useEnded = (): readonly string[] => useBook(QUEUE, () => book.ended);

export const usePaused = (): boolean => useBook(QUEUE, () => book.paused);

/** Whether the server tells what happens; null before it was first reached. */
export const useConnected = (): boolean | null => useBook(CONNECTION, () => book.connected);
