/** Which window about a file is open, and which tab's name is being written. */

import { create } from 'zustand';
import type { Asset } from '@/api/assets';
import type { ReadDocument } from '@/api/workflows';
import type { DocumentStore } from '@/state/document';

/** A file that was dropped and taken in, and the workflow that it carries. */
export interface Dropped {
  asset: Asset;
  read: ReadDocument | null;
}

export type FileDialog =
  | { kind: 'saveAs'; store: DocumentStore; then?: () => void }
  | { kind: 'close'; store: DocumentStore }
  | { kind: 'compare'; store: DocumentStore }
  | { kind: 'missing'; store: DocumentStore }
  | { kind: 'older'; store: DocumentStore }
  | {
      kind: 'dropped';
      store: DocumentStore;
      files: readonly Dropped[];
      at: { x: number; y: number };
    };

export const useFileDialog = create<{ open: FileDialog | null }>(() => ({ open: null }));

export const openFileDialog = (open: FileDialog): void => useFileDialog.setState({ open });

export const closeFileDialog = (): void => useFileDialog.setState({ open: null });

/** The document whose name is being written in its tab. */
export const useRenaming = create<{ uid: string | null }>(() => ({ uid: null }));

export type LibrarySection = 'workflows' | 'templates' | 'drafts' | 'bin';

export const useLibrarySection = create<{ section: LibrarySection; asked: number }>(() => ({
  section: 'workflows',
  asked: 0,
}));
