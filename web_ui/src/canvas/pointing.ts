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
  above.addEventListener('pointerdown', down, { capture: true });
  return () => above.removeEventListener('pointerdown', down, { capture: true });
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
