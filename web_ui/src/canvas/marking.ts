/** How nodes are, for the overview: it is told when that changes, and asks for what it draws. */

import { lookOf } from '@/node/status';
import { pathOf, type DocumentStore } from '@/state/document';
import { book } from '@/state/runs';
import type { Mark } from './overview/draw';
import { useMarks } from './overview/marks';

const MARKS: Partial<Record<ReturnType<typeof lookOf>, Mark>> = {
  done: 'done',
  cached: 'done',
  failed: 'failed',
  running: 'running',
};

/** Watch the runs of a document that is looked at; gives what ends that. */
export function watchMarks(store: DocumentStore): () => void {
  const { uid } = store.getState();
  const renew = (): void =>
    useMarks.setState({
      marks: (item) => {
        const run = book.node(uid, pathOf(store.getState(), item));
        return run ? MARKS[lookOf(run)] : undefined;
      },
    });
  renew();
  return book.subscribe(`marks ${uid}`, renew);
}
