/** The list of what a node or a port may be linked to: which one it was asked for. */

import { create } from 'zustand';
import type { LinkEnd } from '@/core/choices';

export type LinkWish = { node: string } | LinkEnd;

export const useLinkList = create<{ wish: LinkWish | null }>(() => ({ wish: null }));

export const listLinks = (wish: LinkWish): void => useLinkList.setState({ wish });

export const closeLinkList = (): void => useLinkList.setState({ wish: null });
