/** Which node's title is being typed. */

import { create } from 'zustand';
import type { DocumentStore } from '@/state/document';

const useRenaming = create<{ store: DocumentStore | null; node: string }>(() => ({
  store: null,
  node: '',
}));

export const startRenaming = (store: DocumentStore, node: string): void =>
  useRenaming.setState({ store, node });

export const stopRenaming = (): void => useRenaming.setState({ store: null, node: '' });

export const useIsRenamed = (store: DocumentStore, node: string): boolean =>
  useRenaming((renaming) => renaming.store === store && renaming.node === node);
