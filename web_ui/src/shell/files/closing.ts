/** Closing tabs: nothing is lost, and only what is unsaved is asked about. */

import { keepClosed, reopenDraft } from '@/state/drafts/closed';
import { isUnsaved, type DocumentStore } from '@/state/document';
import { say } from '@/state/notices';
import { nameOf } from '@/state/files/title';
import { closeDocument, isBlank } from '@/state/workspace';
import { openFileDialog } from './dialogs';

/** Close a document's tab; asks if it has changes that are not saved. */
export function closeTab(store: DocumentStore): void {
  const state = store.getState();
  const theirs = state.readOnly && state.origin !== null;
  if (isUnsaved(state) && !isBlank(store) && !theirs) openFileDialog({ kind: 'close', store });
  else closeDocument(state.uid);
}

/** Close it as it is: its draft stays, and a word brings it back. */
export async function closeWithDraft(store: DocumentStore): Promise<void> {
  const state = store.getState();
  const key = await keepClosed(store);
  closeDocument(state.uid);
  if (key)
    say({
      kind: 'info',
      key: 'files:closed',
      args: { name: nameOf(state) || '…' },
      action: { key: 'files:reopen', run: () => void reopenDraft(key) },
    });
}
