/** From clicks and marquees to which links are selected; nodes are selected in `dragging.ts`. */

import type { EdgeChange } from '@xyflow/react';
import type { DocumentStore } from '@/state/document';
import type { LinkEdge } from './flow';

/** The set after React Flow has told of changes. */
export const chosen = (
  before: ReadonlySet<string>,
  changes: readonly { id: string; selected: boolean }[],
): ReadonlySet<string> => {
  const after = new Set(before);
  for (const { id, selected } of changes) {
    if (selected) after.add(id);
    else after.delete(id);
  }
  return after;
};

export const createSelecting = (store: DocumentStore) => ({
  onEdgesChange(changes: EdgeChange<LinkEdge>[]) {
    const picked = changes.filter((one) => one.type === 'select');
    if (!picked.length) return;
    const { selection, selectedLinks } = store.getState();
    store.select(selection, chosen(selectedLinks, picked));
  },
  onPaneClick() {
    store.select([]);
  },
});
