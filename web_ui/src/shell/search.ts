/** The search for a node to add: where it was asked for, and for which link. */

import { create } from 'zustand';
import type { PortName } from '@/core/document';

export interface Wish {
  /** Where on the canvas the node's header is to be, and where that is on the screen. */
  at: { x: number; y: number };
  screen: { x: number; y: number };
  /** The link that was dropped and is to go on from there. */
  link?: PortName & { side: 'source' | 'target' };
}

export const useSearch = create<{ wish: Wish | null }>(() => ({ wish: null }));

export const askForNode = (wish: Wish): void => useSearch.setState({ wish });

export const closeSearch = (): void => useSearch.setState({ wish: null });
