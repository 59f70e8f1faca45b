/** What one points with: fingers and pens tremble, and are given some pixels for it. */

import { create } from 'zustand';
import { TREMBLE } from './touch';

export const usePointing = create<{ kind: string }>(() => ({ kind: 'mouse' }));

/** Watch what the canvas is touched with; gives what ends that. */
export function watchPointing(element: HTMLElement): () => void {
  const down = ({ pointerType }: PointerEvent): void => {
    if (usePointing.getState().kind !== pointerType) usePointing.setState({ kind: pointerType });
  };
  const above = element.parentElement!;
  // A pen that hovers is known before it presses; a finger comes over the page as it presses.
  const kinds = ['pointerover', 'pointerdown'] as const;
  for (const kind of kinds) above.addEventListener(kind, down, { capture: true });
  return () => {
    for (const kind of kinds) above.removeEventListener(kind, down, { capture: true });
  };
}

const STEADY = {};
const TREMBLING = {
  nodeDragThreshold: TREMBLE,
  nodeClickDistance: TREMBLE,
  connectionDragThreshold: TREMBLE,
  paneClickDistance: TREMBLE,
};

/** For React Flow: how far one may stray before a press is a drag. */
export const strayOf = (kind: string): object => (kind === 'mouse' ? STEADY : TREMBLING);
