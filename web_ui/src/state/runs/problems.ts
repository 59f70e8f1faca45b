/** What is wrong with each open document, as the server sees it: asked for once typing rests. */

import { useMemo } from 'react';
import { create } from 'zustand';
import { api, ApiError, ask, type Schemas } from '@/api/client';
import type { WorkflowDocument } from '@/core/document';
import { around, canvasPath, sameWork } from '@/core/running';
import { useWords } from '@/i18n/said';
import type { DocumentStore } from '@/state/document';
import { useWorkspace } from '@/state/workspace';

export type Problem = Schemas['Problem'];

export interface Checked {
  /** The document that was looked at. */
  document: WorkflowDocument;
  problems: readonly Problem[];
  /** By the path of the node; problems of what stands inside count for the outer node too. */
  byNode: ReadonlyMap<string, readonly Problem[]>;
}

const useChecked = create<Record<string, Checked>>(() => ({}));

const NONE: readonly Problem[] = Object.freeze([]);

const byNode = (problems: readonly Problem[]): Map<string, readonly Problem[]> => {
  const found = new Map<string, Problem[]>();
  for (const problem of problems) {
    if (problem.node === null) continue;
    const path = canvasPath(problem.node);
    for (const one of [path, ...around(path)]) found.set(one, [...(found.get(one) ?? []), problem]);
  }
  return found;
};

const sameProblems = (a: readonly Problem[], b: readonly Problem[]): boolean =>
  a.length === b.length &&
  a.every((one, place) => {
    const other = b[place]!;
    return one.node === other.node && one.port === other.port && one.message === other.message;
  });

/** These are the problems of a document. Nodes whose problems are the same see no change. */
export function noteProblems(
  uid: string,
  document: WorkflowDocument,
  problems: readonly Problem[],
): void {
  const known = useChecked.getState()[uid];
  if (known && sameProblems(known.problems, problems)) {
    if (known.document !== document) useChecked.setState({ [uid]: { ...known, document } });
    return;
  }
  const next = byNode(problems);
  for (const [path, list] of next) {
    const before = known?.byNode.get(path);
    if (before && sameProblems(before, list)) next.set(path, before);
  }
  useChecked.setState({ [uid]: { document, problems, byNode: next } });
}

/** All problems of a document. */
export const useAllProblems = (uid: string): readonly Problem[] =>
  useChecked((all) => all[uid]?.problems ?? NONE);

/** The problems of a node and of what stands in it. */
export const useProblems = (uid: string, path: string): readonly Problem[] =>
  useChecked((all) => all[uid]?.byNode.get(path) ?? NONE);

/** What is wrong at the ports of a node, in words. */
export function usePortProblems(uid: string, path: string): ReadonlyMap<string, string> {
  const problems = useProblems(uid, path);
  const words = useWords();
  return useMemo(
    () =>
      new Map(
        problems.flatMap((one) =>
          one.port !== null && one.node !== null && canvasPath(one.node) === path
            ? [[one.port, words(one)] as const]
            : [],
        ),
      ),
    [problems, path, words],
  );
}

/** Milliseconds of rest after a change, before the document is checked. */
export const REST = 400;

/** Keep the problems of a document known, until what is given back is called. */
export function watchProblems(store: DocumentStore): () => void {
  const { uid } = store.getState();
  let timer: ReturnType<typeof setTimeout> | undefined;
  let stopped = false;
  const look = async (): Promise<void> => {
    const { document } = store.getState();
    const known = useChecked.getState()[uid];
    // Moving a node about changes no work.
    if (known && known.document !== document && sameWork(known.document, document)) {
      noteProblems(uid, document, known.problems);
      return;
    }
    try {
      const { problems } = await ask(
        api.POST('/api/check', {
          body: { workflow: document as unknown as Record<string, unknown> },
        }),
      );
      if (!stopped && store.getState().document === document) noteProblems(uid, document, problems);
    } catch (error) {
      if (!(error instanceof ApiError)) throw error; // without a server there is nothing to say
    }
  };
  const soon = (): void => {
    clearTimeout(timer);
    timer = setTimeout(() => void look(), REST);
  };
  const stop = store.subscribe((now, before) => {
    if (now.document !== before.document) soon();
  });
  soon();
  return () => {
    stopped = true;
    clearTimeout(timer);
    stop();
    useChecked.setState(
      Object.fromEntries(Object.entries(useChecked.getState()).filter(([key]) => key !== uid)),
      true,
    );
  };
}

/** Show the node that a problem is about, also in a graph that was not entered. */
export function goTo(store: DocumentStore, step: string): void {
  const path = canvasPath(step).split('/');
  const id = path.at(-1)!;
  const stack = path.slice(0, -1);
  if (store.getState().stack.join('/') !== stack.join('/')) {
    store.leave(0);
    for (const outer of stack) store.enter(outer);
  }
  store.select([id]);
  useWorkspace.setState({ active: store.getState().uid });
}
