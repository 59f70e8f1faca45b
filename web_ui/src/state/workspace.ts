/** The open documents, and which of them is looked at. */

import { create } from 'zustand';
import { EMPTY_CATALOGUE, type Catalogue } from '@/core/catalogue';
import { emptyDocument, type WorkflowDocument } from '@/core/document';
import { createDocument, type DocumentStore, type Kept, type Origin } from './document';

export type Panel =
  | 'library'
  | 'nodes'
  | 'models'
  | 'outline'
  | 'inspector'
  | 'queue'
  | 'gallery'
  | 'problems'
  | 'history'
  | 'form';

export interface Workspace {
  documents: readonly DocumentStore[];
  active: string;
  catalogue: Catalogue;
  /** Which panel is open at each side of the canvas. */
  left: Panel | null;
  right: Panel | null;
  bottom: Panel | null;
}

export const useWorkspace = create<Workspace>(() => ({
  documents: [],
  active: '',
  catalogue: EMPTY_CATALOGUE,
  left: null,
  right: 'inspector',
  bottom: null,
}));

const { getState, setState } = useWorkspace;

export const activeDocument = (): DocumentStore | undefined => {
  const { documents, active } = getState();
  return documents.find((one) => one.getState().uid === active);
};

export const documentByUid = (uid: string): DocumentStore | undefined =>
  getState().documents.find((one) => one.getState().uid === uid);

/** Open a document in a tab of its own; the tab of the same file, if there is one, is shown instead. */
export function openDocument(
  document: WorkflowDocument,
  options: {
    origin?: Origin | null;
    saved?: WorkflowDocument | null;
    uid?: string;
    kept?: Partial<Kept>;
  } = {},
): DocumentStore {
  const { documents, catalogue } = getState();
  const same =
    options.origin && documents.find((one) => one.getState().origin?.id === options.origin!.id);
  if (same) {
    setState({ active: same.getState().uid });
    return same;
  }
  const store = createDocument(document, { ...options, catalogue });
  const { uid } = store.getState();
  // A page that shows nothing yet but an untouched document shows this in its place.
  const blank = documents.length === 1 && isBlank(documents[0]!) ? documents : [];
  setState({
    documents: [...documents.filter((one) => !blank.includes(one)), store],
    active: uid,
  });
  return store;
}

/** Whether nothing was ever done to a document. */
export const isBlank = (store: DocumentStore): boolean => {
  const { document, history, origin } = store.getState();
  const empty = !Object.keys(document.nodes ?? {}).length && !document.graphs;
  return empty && origin === null && !history.past.length && !history.future.length;
};

export const newDocument = (): DocumentStore => {
  const store = createDocument(emptyDocument(), { catalogue: getState().catalogue });
  setState(({ documents }) => ({
    documents: [...documents, store],
    active: store.getState().uid,
  }));
  return store;
};

/** Put the tab of a document at another place. */
export function moveDocument(uid: string, to: number): void {
  const { documents } = getState();
  const from = documents.findIndex((one) => one.getState().uid === uid);
  if (from < 0 || from === to || to < 0 || to >= documents.length) return;
  setState({ documents: documents.toSpliced(from, 1).toSpliced(to, 0, documents[from]!) });
}

export const activate = (uid: string): void => setState({ active: uid });

export function closeDocument(uid: string): void {
  const { documents, active } = getState();
  const place = documents.findIndex((one) => one.getState().uid === uid);
  if (place < 0) return;
  const left = documents.toSpliced(place, 1);
  const next = left[Math.min(place, left.length - 1)];
  setState({ documents: left, active: active === uid ? (next?.getState().uid ?? '') : active });
  if (!left.length) newDocument();
}

/** The node types are known now, or in another language. */
export function setCatalogue(catalogue: Catalogue): void {
  // Documents first: whoever hears of the new catalogue looks into them.
  for (const one of getState().documents) one.know(catalogue);
  setState({ catalogue });
}

export function togglePanel(side: 'left' | 'right' | 'bottom', panel: Panel): void {
  setState((now) => ({ [side]: now[side] === panel ? null : panel }));
}
