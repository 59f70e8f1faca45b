/** Pulling an edge: what it bounds has its new size at once, and the history one entry. */

import { useRef, type PointerEvent } from 'react';
import { newGesture } from '@/core/history';

export function usePull(
  axis: 'x' | 'y',
  options: {
    size: number;
    zoom(): number;
    /** The size that is meant: within the limits, and on the grid. */
    limited(size: number): number;
    onPull(size: number, gesture: string): void;
  },
) {
  const grip = useRef<{ at: number; size: number; now: number; gesture: string } | null>(null);
  const along = (event: PointerEvent) => (axis === 'x' ? event.clientX : event.clientY);
  const end = (): void => {
    grip.current = null;
  };
  return {
    onPointerDown(event: PointerEvent<HTMLElement>) {
      if (event.button !== 0) return;
      event.stopPropagation();
      event.currentTarget.setPointerCapture(event.pointerId);
      const { size } = options;
      grip.current = { at: along(event), size, now: size, gesture: newGesture() };
    },
    onPointerMove(event: PointerEvent<HTMLElement>) {
      const held = grip.current;
      if (!held) return;
      const size = options.limited(held.size + (along(event) - held.at) / options.zoom());
      if (size === held.now) return;
      held.now = size;
      options.onPull(size, held.gesture);
    },
    onPointerUp: end,
    onPointerCancel: end,
  };
}
