/** What is to be seen large: whoever has something to show says so here, the viewers show it. */

import { create } from 'zustand';
import type { Schemas } from '@/api/client';

export interface ViewerItem {
  title: string;
  /** Files of it, or the value; as the server gives what came out. */
  output: Schemas['Output'];
  runId: string;
  /** Path of the step, and the port there. */
  node: string;
  port: string;
}

export interface Viewing {
  items: readonly ViewerItem[];
  /** Which of them is looked at. */
  at: number;
  /** Look at the first two beside each other. */
  compare: boolean;
}

export const useViewer = create<{ viewing: Viewing | null }>(() => ({ viewing: null }));

export const openViewer = (
  items: readonly ViewerItem[],
  options: { at?: number; compare?: boolean } = {},
): void => {
  if (items.length)
    useViewer.setState({
      viewing: { items, at: options.at ?? 0, compare: options.compare ?? false },
    });
};

export const closeViewer = (): void => useViewer.setState({ viewing: null });
