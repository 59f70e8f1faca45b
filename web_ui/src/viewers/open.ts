/**
 * What is to be seen large: whoever has something to show says so here, the viewers show it.
 *
 * This is all of the viewers that a page needs before something is looked at.
 */

import { create } from 'zustand';
import type { Schemas } from '@/api/client';

export interface ViewerItem {
  title: string;
  /** Files of it, or the value; as the server gives what came out. */
  output: Schemas['Output'];
  /** Which run made it, at which step (its path) and port, where that is known. */
  runId?: string;
  node?: string;
  port?: string;
}

export interface Viewing {
  items: readonly ViewerItem[];
  /** Which of them is looked at. */
  at: number;
  /** Look at it beside the next one. */
  compare: boolean;
}

/** A file of the server, as the value of a port has it. */
export interface AssetValue {
  asset: string;
  name: string;
  media: string;
}

export interface MaskWish {
  /** The picture that is painted over; without one, `width` and `height` say how large. */
  image?: { asset: string; name?: string } | null;
  /** The mask as it stands. */
  value?: { asset: string } | null;
  width?: number;
  height?: number;
  onSave(value: AssetValue): void;
}

interface Open {
  viewing: Viewing | null;
  mask: MaskWish | null;
}

export const useViewer = create<Open>(() => ({ viewing: null, mask: null }));

export const openViewer = (
  items: readonly ViewerItem[],
  options: { at?: number; compare?: boolean } = {},
): void => {
  const at = Math.min(Math.max(0, options.at ?? 0), items.length - 1);
  if (items.length)
    useViewer.setState({ viewing: { items, at, compare: options.compare ?? false } });
};

export const closeViewer = (): void => useViewer.setState({ viewing: null });

/** Look at two results beside, over or after each other. */
export const compare = (a: ViewerItem, b: ViewerItem): void =>
  openViewer([a, b], { compare: true });

/** Paint a mask, and hand it to whoever asked once it is saved. */
export const editMask = (mask: MaskWish): void => useViewer.setState({ mask });

export const closeMask = (): void => useViewer.setState({ mask: null });
