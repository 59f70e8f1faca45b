/** Changing a number by dragging it sideways. */

import { useRef, type PointerEvent } from 'react';
import { increment, scrub, type Bounds } from '@/core/numbers';

/** Pixels before a press is a drag. */
const SLACK = 3;
/** Pixels for a step, where there is no bar that follows the pointer. */
const STRIDE = 2;

interface Grip {
  x: number;
  value: number;
  now: number;
  pace: string;
  moved: boolean;
}

export function useScrub(options: {
  value: number;
  bounds: Bounds;
  /** The range that the width of the field stands for, if it shows a bar. */
  range: number | null;
  disabled: boolean;
  onMove(value: number): void;
  /** Let go: the number to set, or null if the drag was given up. */
  onEnd(value: number | null): void;
}) {
  const grip = useRef<Grip | null>(null);
  const { value, bounds, range, disabled, onMove, onEnd } = options;
  const end = (taken: boolean): void => {
    const held = grip.current;
    grip.current = null;
    if (held?.moved) onEnd(taken ? held.now : null);
  };
  return {
    /** Give the drag up; false if there is none. */
    cancel(): boolean {
      if (!grip.current?.moved) return false;
      end(false);
      return true;
    },
    handlers: {
      onPointerDown(event: PointerEvent<HTMLElement>) {
        if (event.button !== 0 || disabled) return;
        event.currentTarget.setPointerCapture(event.pointerId);
        grip.current = { x: event.clientX, value, now: value, pace: '', moved: false };
      },
      onPointerMove(event: PointerEvent<HTMLElement>) {
        const held = grip.current;
        if (!held) return;
        const fine = event.shiftKey;
        const coarse = event.ctrlKey || event.metaKey;
        const pace = fine ? 'fine' : coarse ? 'coarse' : '';
        if (held.moved && pace !== held.pace) {
          // From here on at another pace.
          held.x = event.clientX;
          held.value = held.now;
        }
        held.pace = pace;
        const pixels = event.clientX - held.x;
        if (!held.moved && Math.abs(pixels) < SLACK) return;
        held.moved = true;
        const width = event.currentTarget.getBoundingClientRect().width || 1;
        const steps =
          range === null
            ? pixels / STRIDE
            : (pixels / width) * (range / increment(bounds, held.value));
        const next = scrub(held.value, steps, bounds, { fine, coarse });
        if (next === held.now) return;
        held.now = next;
        onMove(next);
      },
      onPointerUp: () => end(true),
      onPointerCancel: () => end(false),
    },
  };
}
