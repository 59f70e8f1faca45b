import { useEffect, useRef, useState, type PointerEvent, type RefObject } from 'react';
import { useKeys } from '../keys';
import {
  actual,
  fit,
  keepInside,
  limitZoom,
  pinch,
  wheelFactor,
  zoomAt,
  type Point,
  type Size,
  type View,
} from './view';

export interface Zoom {
  view: View;
  window: Size;
  /** Whether all is seen, and goes on to be when the window changes. */
  fitted: boolean;
  toFit(): void;
  toActual(): void;
  by(factor: number): void;
  /** A point of the page, from the corner of the window. */
  point(event: { clientX: number; clientY: number }): Point;
  /** For the window. */
  handlers: {
    onPointerDown(event: PointerEvent): void;
    onPointerMove(event: PointerEvent): void;
    onPointerUp(event: PointerEvent): void;
    onPointerCancel(event: PointerEvent): void;
    onDoubleClick(): void;
  };
  panning: boolean;
}

interface Options {
  /** Whether a pointer moves the picture; by default every one does. */
  pans?(event: PointerEvent): boolean;
  /** The window shows the picture twice, in its left and its right half. */
  halves?: boolean;
}

const ALWAYS = (): boolean => true;
const STEP = 1.25;
const NUDGE = 60;

/** Zoom and pan by wheel, drag, two fingers and keys. */
export function useZoom(
  frame: RefObject<HTMLDivElement | null>,
  picture: Size | null,
  { pans = ALWAYS, halves = false }: Options = {},
): Zoom {
  const [window, setWindow] = useState<Size>({ width: 0, height: 0 });
  const [chosen, setChosen] = useState<View | null>(null);
  const pointers = useRef(new Map<number, Point>());
  const [panning, setPanning] = useState(false);
  const size = picture ?? { width: 1, height: 1 };
  const fitView = fit(window, size);
  const view = chosen ?? fitView;

  useEffect(() => {
    const element = frame.current!;
    const look = (): void =>
      setWindow({
        width: halves ? element.clientWidth / 2 : element.clientWidth,
        height: element.clientHeight,
      });
    const watch = new ResizeObserver(look);
    watch.observe(element);
    look();
    return () => watch.disconnect();
  }, [frame, halves]);

  const change = (make: (view: View) => View): void =>
    setChosen((now) => keepInside(make(now ?? fitView), window, size));
  const zoomTo = (point: Point, factor: number): void =>
    change((now) => zoomAt(now, point, limitZoom(now.zoom * factor, window, size)));
  const middle = { x: window.width / 2, y: window.height / 2 };
  const by = (factor: number): void => zoomTo(middle, factor);
  const point = (event: { clientX: number; clientY: number }): Point => {
    const box = frame.current!.getBoundingClientRect();
    return { x: event.clientX - box.left, y: event.clientY - box.top };
  };
  const toFit = (): void => setChosen(null);
  const toActual = (): void => setChosen(actual(window, size));

  /** How far right the half begins in which a point is. */
  const half = (x: number): number => (halves && x >= window.width ? window.width : 0);

  const onWheel = useRef<(event: WheelEvent) => void>(() => {});
  useEffect(() => {
    onWheel.current = (event) => {
      event.preventDefault();
      if (event.shiftKey) change((now) => ({ ...now, x: now.x - event.deltaY - event.deltaX }));
      else {
        const { x, y } = point(event);
        zoomTo({ x: x - half(x), y }, wheelFactor(event));
      }
    };
  });
  useEffect(() => {
    const element = frame.current!;
    // React listens passively; a page must not scroll or zoom here.
    const hear = (event: WheelEvent): void => onWheel.current(event);
    element.addEventListener('wheel', hear, { passive: false });
    return () => element.removeEventListener('wheel', hear);
  }, [frame]);

  useKeys((event) => {
    if (event.ctrlKey || event.metaKey || event.altKey) return false;
    const pan: Record<string, [number, number]> = {
      ArrowLeft: [NUDGE, 0],
      ArrowRight: [-NUDGE, 0],
      ArrowUp: [0, NUDGE],
      ArrowDown: [0, -NUDGE],
    };
    const [x, y] = (event.shiftKey && pan[event.key]) || [0, 0];
    if (x || y) change((now) => ({ ...now, x: now.x + x, y: now.y + y }));
    else if (event.key === '+' || event.key === '=') by(STEP);
    else if (event.key === '-') by(1 / STEP);
    else if (event.code === 'Digit0') toFit();
    else if (event.code === 'Digit1') toActual();
    else return false;
    return true;
  });

  const up = (event: PointerEvent): void => {
    pointers.current.delete(event.pointerId);
    setPanning(pointers.current.size > 0);
  };
  return {
    view,
    window,
    fitted: chosen === null,
    toFit,
    toActual,
    by,
    point,
    panning,
    handlers: {
      onPointerDown(event) {
        if (!pans(event) || (event.target as Element).closest('button, input')) return;
        frame.current!.setPointerCapture(event.pointerId);
        pointers.current.set(event.pointerId, point(event));
        setPanning(true);
      },
      onPointerMove(event) {
        const known = pointers.current;
        const from = known.get(event.pointerId);
        if (!from) return;
        const to = point(event);
        if (known.size === 1)
          change((now) => ({ ...now, x: now.x + to.x - from.x, y: now.y + to.y - from.y }));
        else if (known.size === 2) {
          const before = [...known.values()];
          const after = before.map((one) => (one === from ? to : one));
          change((now) => {
            const left = half((before[0]!.x + before[1]!.x) / 2);
            const move = (one: Point): Point => ({ x: one.x - left, y: one.y });
            const made = pinch(now, before.map(move), after.map(move));
            return made.zoom === limitZoom(made.zoom, window, size) ? made : now;
          });
        }
        known.set(event.pointerId, to);
      },
      onPointerUp: up,
      onPointerCancel: up,
      onDoubleClick: () => (chosen === null ? toActual() : toFit()),
    },
  };
}
