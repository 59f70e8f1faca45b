/** The document that a part of the page is about. */

import { createContext, useContext } from 'react';
import { useStore } from 'zustand';
import type { DocumentState, DocumentStore } from './document';

const Context = createContext<DocumentStore | null>(null);

export const DocumentProvider = Context.Provider;

export function useDocumentStore(): DocumentStore {
  const store = useContext(Context);
  if (!store) throw new Error('no document around');
  return store;
}

/** Something of the document. The selector gives a primitive, or the same object as before. */
export const useDocument = <T,>(selector: (state: DocumentState) => T): T =>
  useStore(useDocumentStore(), selector);
