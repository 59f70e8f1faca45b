/** Documents that were made with other versions of packs, as they are to be read with those here. */

import { forwardWorkflow } from '@/api/workflows';
import { readDocument } from '@/core/migrate';
import { madeHere, otherVersions } from '@/core/named';
import { isUnsaved, type DocumentStore } from '@/state/document';
import { report } from './library';
import { raise, settle } from './matters';

const LABEL = 'forward';

/** Bring a document forward if need be, and tell what was changed in it. */
export async function bringForward(store: DocumentStore): Promise<void> {
  const { document, catalogue, uid, readOnly } = store.getState();
  const packs = otherVersions(document, catalogue);
  if (!packs.length) return;
  try {
    const made = await forwardWorkflow(document);
    if (store.getState().document !== document) return; // whoever works on it has seen it as it is
    const told = made.problems.length ? made.problems : made.changes;
    const said = told.map(({ node, message }) => (node ? `${node}: ${message}` : message));
    const refused = made.problems.length > 0;
    if (!refused && !readOnly) {
      const clean = !isUnsaved(store.getState());
      store.replace(readDocument(made.workflow), LABEL);
      const now = store.getState();
      if (clean && !said.length) store.noteSaved(now.origin, now.document);
    }
    if (said.length) raise(uid, { kind: 'older', packs, said, refused });
  } catch (error) {
    report('open', error, { name: document.name ?? '' });
  }
}

/** Take the nodes as they are for nodes of the versions that are here. */
export function takeAsItIs(store: DocumentStore): void {
  const { document, catalogue, uid } = store.getState();
  store.replace(madeHere(document, catalogue), LABEL);
  settle(uid, 'older');
}
