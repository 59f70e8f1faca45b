/** Something that is carried from a panel to the canvas: by mouse, by pen, by finger. */

import { useEffect, useRef, useState, type PointerEvent } from 'react';

export interface Place {
  x: number;
  y: number;
}

/** Pixels before a press is a drag. */
const SLACK = 8;

/**
 * A finger carries what it moves sideways, and scrolls otherwise: `touch-action: pan-y` in the style
 * sheet leaves us the one, and the browser takes the press away for the other.
 */
const starts = (event: globalThis.PointerEvent, from: Place): boolean => {
  const [dx, dy] = [Math.abs(event.clientX - from.x), Math.abs(event.clientY - from.y)];
  return event.pointerType === 'touch' ? dx > SLACK && dx > dy : Math.hypot(dx, dy) > SLACK;
};

export function useCarrying<T>(onDrop: (what: T, at: Place) => void) {
  const [carried, setCarried] = useState<{ what: T; at: Place } | null>(null);
  const end = useRef<(() => void) | null>(null);
  /** Whether the press that is over was a drag, and its click means nothing. */
  const used = useRef(false);
  useEffect(() => () => end.current?.(), []);

  const start = (event: PointerEvent, what: T): void => {
    if (event.button !== 0) return;
    used.current = false;
    const { pointerId } = event;
    const from = { x: event.clientX, y: event.clientY };
    let carrying = false;
    const finish = (): void => {
      window.removeEventListener('pointermove', move);
      window.removeEventListener('pointerup', up);
      window.removeEventListener('pointercancel', cancel);
      window.removeEventListener('keydown', key, { capture: true });
      end.current = null;
      setCarried(null);
    };
    const move = (now: globalThis.PointerEvent): void => {
      if (now.pointerId !== pointerId) return;
      carrying ||= starts(now, from);
      used.current = carrying;
      if (carrying) setCarried({ what, at: { x: now.clientX, y: now.clientY } });
    };
    const up = (now: globalThis.PointerEvent): void => {
      if (now.pointerId !== pointerId) return;
      finish();
      if (carrying) onDrop(what, { x: now.clientX, y: now.clientY });
    };
    const cancel = (now: globalThis.PointerEvent): void => {
      if (now.pointerId === pointerId) finish();
    };
    const key = (now: KeyboardEvent): void => {
      if (now.key !== 'Escape' || !carrying) return;
      now.stopPropagation();
      finish();
    };
    end.current?.();
    end.current = finish;
    window.addEventListener('pointermove', move);
    window.addEventListener('pointerup', up);
    window.addEventListener('pointercancel', cancel);
    window.addEventListener('keydown', key, { capture: true });
  };
  return { carried, start, wasDrag: () => used.current };
}
