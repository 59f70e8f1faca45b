/**
 * Fingers on the canvas: two of them move and zoom it wherever they are put, also on nodes and links,
 * and one that rests opens the menu of what is under it. What one finger began is given up for that.
 */

import type { Viewport } from '@xyflow/react';
import type { DocumentStore } from '@/state/document';
import { pinched, type Point } from './pinch';

/** Milliseconds that a finger has to rest, and pixels that it may move meanwhile. */
const REST = 500;
export const TREMBLE = 8;

export interface View {
  get(): Viewport;
  set(to: Viewport): unknown;
  /** Whether a link is being drawn: then a second finger means nothing. */
  busy(): boolean;
}

interface Pinch {
  ids: [number, number];
  targets: EventTarget[];
  from: [Point, Point];
  view: Viewport;
}

const NOTHING_MOVED: ReadonlyMap<string, Point> = new Map();

const isText = (target: EventTarget): boolean =>
  (target as Element).closest('input, textarea, select') !== null;

/** To d3-drag and d3-zoom, which have no other way to let a finger go. */
const letGo = (touch: Touch): void => {
  const at = touch.target as Element;
  for (const holder of [at.closest('.react-flow__node'), at.closest('.react-flow__renderer')])
    holder?.dispatchEvent(
      Object.assign(new Event('touchcancel'), { changedTouches: [touch], touches: [] }),
    );
};

/** Watch a canvas for fingers; gives what ends that. */
export function watchTouch(store: DocumentStore, element: HTMLElement, view: View): () => void {
  // Before anything on the canvas itself hears of it, the overview too.
  const above = element.parentElement!;
  let pinch: Pinch | null = null;
  let resting: { touch: Touch; timer: ReturnType<typeof setTimeout> } | null = null;
  /** Whether the fingers that are still down have had their meaning. */
  let spent = false;
  let pointer: { id: number; target: EventTarget } | null = null;

  const ours = (touches: TouchList): Touch[] =>
    [...touches].filter((one) => element.contains(one.target as Node) || heldBy(one));
  // From afar nodes are no elements: a finger may outlive what it was put on.
  const heldBy = (touch: Touch): boolean => pinch?.targets.includes(touch.target) ?? false;
  const point = (touch: Touch): Point => {
    const box = element.getBoundingClientRect();
    return { x: touch.clientX - box.x, y: touch.clientY - box.y };
  };

  const stopResting = (): void => {
    if (resting) clearTimeout(resting.timer);
    resting = null;
  };

  /** What the first finger was doing is taken back. */
  const giveUp = (touch: Touch): void => {
    store.setState({ dragged: NOTHING_MOVED });
    letGo(touch);
    if (pointer)
      pointer.target.dispatchEvent(
        new PointerEvent('pointercancel', {
          bubbles: true,
          pointerId: pointer.id,
          pointerType: 'touch',
        }),
      );
    pointer = null;
  };

  const rested = (touch: Touch): void => {
    stopResting();
    spent = true;
    giveUp(touch);
  };

  const menuAt = (touch: Touch): void => {
    rested(touch);
    touch.target.dispatchEvent(
      new MouseEvent('contextmenu', {
        bubbles: true,
        cancelable: true,
        clientX: touch.clientX,
        clientY: touch.clientY,
        button: 2,
      }),
    );
  };

  const startPinch = (first: Touch, second: Touch): void => {
    giveUp(first);
    pinch = {
      ids: [first.identifier, second.identifier],
      targets: [first.target, second.target],
      from: [point(first), point(second)],
      view: view.get(),
    };
    for (const target of pinch.targets) {
      target.addEventListener('touchmove', onMove as EventListener, { passive: false });
      target.addEventListener('touchend', onEnd as EventListener);
      target.addEventListener('touchcancel', onEnd as EventListener);
    }
  };

  const endPinch = (): void => {
    for (const target of pinch?.targets ?? []) {
      target.removeEventListener('touchmove', onMove as EventListener);
      target.removeEventListener('touchend', onEnd as EventListener);
      target.removeEventListener('touchcancel', onEnd as EventListener);
    }
    pinch = null;
  };

  const onStart = (event: TouchEvent): void => {
    const touches = ours(event.touches);
    const [first, second] = touches;
    if (!first || !element.contains(event.target as Node)) return;
    stopResting();
    if (touches.length === 1) {
      spent = false;
      if (!isText(first.target))
        resting = { touch: first, timer: setTimeout(() => menuAt(first), REST) };
      return;
    }
    if (view.busy()) return;
    event.stopPropagation();
    if (event.cancelable) event.preventDefault();
    if (touches.length === 2 && !spent) startPinch(first, second!);
    spent = true;
  };

  const onMove = (event: TouchEvent): void => {
    if (resting) {
      const now = [...event.touches].find((one) => one.identifier === resting!.touch.identifier);
      const { clientX, clientY } = resting.touch;
      if (now && Math.hypot(now.clientX - clientX, now.clientY - clientY) > TREMBLE) stopResting();
    }
    if (!spent) return;
    event.stopPropagation();
    if (event.cancelable) event.preventDefault();
    if (!pinch) return;
    const { ids, from } = pinch;
    const [a, b] = ids.map((id) => [...event.touches].find((one) => one.identifier === id));
    if (a && b) void view.set(pinched(pinch.view, from, [point(a), point(b)]));
  };

  const onEnd = (event: Event): void => {
    if (!(event instanceof TouchEvent)) return; // it is the one of letGo
    stopResting();
    // Without that it would end in a click. The event itself goes on: others wait for it.
    if (spent && event.cancelable) event.preventDefault();
    const left = new Set([...event.touches].map((one) => one.identifier));
    if (pinch && !pinch.ids.every((id) => left.has(id))) endPinch();
    if (!left.size) spent = false;
  };

  const onPointerDown = (event: PointerEvent): void => {
    if (event.pointerType === 'touch' && event.isPrimary)
      pointer = event.target ? { id: event.pointerId, target: event.target } : null;
  };

  // Some browsers have a long press of their own, and it may come before ours or after.
  const onMenu = (event: Event): void => {
    if (!event.isTrusted) return;
    if (spent) {
      event.preventDefault();
      event.stopPropagation();
    } else if (resting) rested(resting.touch);
  };

  above.addEventListener('pointerdown', onPointerDown, { capture: true });
  above.addEventListener('touchstart', onStart, { capture: true, passive: false });
  above.addEventListener('touchmove', onMove, { capture: true, passive: false });
  above.addEventListener('touchend', onEnd, { capture: true, passive: false });
  above.addEventListener('touchcancel', onEnd, { capture: true });
  above.addEventListener('contextmenu', onMenu, { capture: true });
  return () => {
    stopResting();
    endPinch();
    above.removeEventListener('pointerdown', onPointerDown, { capture: true });
    above.removeEventListener('touchstart', onStart, { capture: true });
    above.removeEventListener('touchmove', onMove, { capture: true });
    above.removeEventListener('touchend', onEnd, { capture: true });
    above.removeEventListener('touchcancel', onEnd, { capture: true });
    above.removeEventListener('contextmenu', onMenu, { capture: true });
  };
}
