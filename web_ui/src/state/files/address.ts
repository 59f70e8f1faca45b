/** The address names the file that is looked at, as `#w=ID`; so does the title of the browser's tab. */

import { t } from '@/i18n';
import { isUnsaved, type DocumentStore } from '@/state/document';
import { activeDocument, useWorkspace } from '@/state/workspace';
import { openSaved } from './opening';
import { nameOf } from './title';

const wanted = (): string | null => {
  const id = new URLSearchParams(location.hash.slice(1)).get('w');
  return id && /^[0-9a-f]{32}$/.test(id) ? id : null;
};

const show = (store: DocumentStore | undefined): void => {
  const state = store?.getState();
  const name = state ? nameOf(state) : '';
  const title = name ? `${name} – ${t('shell:name')}` : t('shell:name');
  document.title = state && isUnsaved(state) ? `• ${title}` : title;
  const hash = state?.origin ? `#w=${state.origin.id}` : '';
  if (location.hash !== hash) history.replaceState(null, '', location.pathname + hash);
};

/** Open what the address names, and keep it to what is looked at. */
export async function startAddress(): Promise<void> {
  const id = wanted();
  if (id) await openSaved(id);
  let stop = (): void => {};
  let shown: DocumentStore | undefined;
  const follow = (): void => {
    const store = activeDocument();
    if (store === shown) return;
    shown = store;
    stop();
    stop = store?.subscribe(() => show(store)) ?? (() => {});
    show(store);
  };
  follow();
  useWorkspace.subscribe(follow);
  window.addEventListener('hashchange', () => {
    const next = wanted();
    if (next && next !== activeDocument()?.getState().origin?.id)
      void openSaved(next).then(() => show(activeDocument()));
  });
}
