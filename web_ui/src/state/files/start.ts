/** Files from the start of the page on. */

import { startDrafts } from '@/state/drafts/start';
import { watchClaims } from '@/state/tabs/claims';
import { newDocument, useWorkspace } from '@/state/workspace';
import { startAddress } from './address';
import { forgetMatters, useMatters } from './matters';
import { watchMissing } from './opening';
import { reloadCatalogue } from '@/state/catalogue';
import { listen, onGap } from '@/state/runs/server';
import { libraryChanged, lookAtAll } from './saving';

/** What was open comes back, what the address names is opened, and all of it is looked after. */
export async function startFiles(): Promise<void> {
  await startDrafts(location.origin);
  if (!useWorkspace.getState().documents.length) newDocument();
  watchClaims();
  watchMissing();
  useWorkspace.subscribe(({ documents }, before) => {
    if (documents === before.documents) return;
    const open = new Set(documents.map((one) => one.getState().uid));
    for (const uid of Object.keys(useMatters.getState().of)) if (!open.has(uid)) forgetMatters(uid);
  });
  await startAddress();
  listen('library', (event) => {
    if (event.type === 'library') void libraryChanged(event.workflow);
  });
  listen('nodes', () => void reloadCatalogue());
  // At the first connection, too: what came back from a draft may be older than its file.
  onGap(() => void lookAtAll());
}
