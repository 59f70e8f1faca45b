/** How large a panel is: pulled at its edge, or moved with the arrow keys; remembered in this browser. */

import { useState, type KeyboardEvent, type PointerEvent } from 'react';

type SideName = 'left' | 'right' | 'bottom';

const LIMITS = { left: [220, 320, 560], right: [260, 320, 640], bottom: [140, 240, 560] } as const;

const keyOf = (side: SideName): string => `musegraph.panel.${side}`;

export function usePanelSize(side: SideName) {
  const [least, usual, most] = LIMITS[side];
  const [size, setSize] = useState(() => Number(localStorage.getItem(keyOf(side))) || usual);
  const set = (next: number): void => {
    const limited = Math.min(most, Math.max(least, Math.round(next)));
    setSize(limited);
    localStorage.setItem(keyOf(side), String(limited));
  };
  const grow = side === 'left' ? 1 : -1;
  const along = (event: { clientX: number; clientY: number }) =>
    side === 'bottom' ? event.clientY : event.clientX;
  const handle = {
    role: 'separator',
    tabIndex: 0,
    'aria-orientation': side === 'bottom' ? ('horizontal' as const) : ('vertical' as const),
    'aria-valuenow': size,
    'aria-valuemin': least,
    'aria-valuemax': most,
    onPointerDown(event: PointerEvent<HTMLElement>) {
      const target = event.currentTarget;
      const start = along(event);
      target.setPointerCapture(event.pointerId);
      const move = (moved: globalThis.PointerEvent): void =>
        set(size + grow * (along(moved) - start));
      const stop = (): void => {
        target.removeEventListener('pointermove', move);
        target.removeEventListener('pointerup', stop);
      };
      target.addEventListener('pointermove', move);
      target.addEventListener('pointerup', stop);
    },
    onKeyDown(event: KeyboardEvent) {
      const steps: Record<string, number> =
        side === 'bottom'
          ? { ArrowUp: 16, ArrowDown: -16 }
          : { ArrowLeft: -16 * grow, ArrowRight: 16 * grow };
      const step = steps[event.key];
      if (step === undefined) return;
      event.preventDefault();
      set(size + step);
    },
  };
  return { size, handle };
}
