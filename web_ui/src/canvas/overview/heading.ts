/**
 * Whether the view is on its way to where nodes are drawn and not mounted. It has to be known before it
 * gets there: else everything that would be seen is mounted for one frame, thousands of nodes perhaps.
 */

import { create } from 'zustand';

/** Zoom below which the graph is drawn, and no node is an element. */
export const FAR = 0.4;

export const useHeading = create<{ far: boolean }>(() => ({ far: false }));

/** Say where the view goes, a frame before it does. */
export function headFor(zoom: number, go: () => Promise<unknown> | undefined): void {
  if (zoom >= FAR) {
    void go();
    return;
  }
  useHeading.setState({ far: true });
  requestAnimationFrame(() => {
    void Promise.resolve(go()).then(() => useHeading.setState({ far: false }));
  });
}
