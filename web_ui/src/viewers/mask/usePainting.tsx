import { useRef, useState, type PointerEvent, type RefObject } from 'react';
import type { Zoom } from '../picture/useZoom';
import { pixelAt, type Point } from '../picture/view';
import css from './Mask.module.css';
import type { Painting } from './MaskEditor';
import { useMaskSettings } from './settings';
import { fillPolygon, flood, rectangle } from './shapes';
import { Stroke } from './stroke';
import type { Box, Edit } from './tiles';

interface Options {
  painting: Painting;
  zoom: Zoom;
  /** Set while pointers are handed to the zoom, which would not take them by itself. */
  adoptedRef: RefObject<boolean>;
  /** Whether the space bar is held: then one pans. */
  space: boolean;
  draw(box: Box | null): void;
  told(): void;
}

/** What the pointer that is down is doing. */
type Doing =
  | { kind: 'stroke'; pointer: number; stroke: Stroke }
  | { kind: 'area'; pointer: number; points: Point[]; value: number };

const ERASER_OF_PEN = 32;

/** The least part of its size that a brush has under a light pen. */
const LIGHTEST = 0.15;

/** From pointers to strokes and areas. */
export function usePainting({ painting, zoom, adoptedRef, space, draw, told }: Options) {
  const { mask, history } = painting;
  const settings = useMaskSettings();
  const doing = useRef<Doing | null>(null);
  const touches = useRef(new Map<number, PointerEvent>());
  const lastDot = useRef<Point | null>(null);
  const [cursor, setCursor] = useState<Point | null>(null);
  const [outline, setOutline] = useState<readonly Point[] | null>(null);

  const pixel = (event: { clientX: number; clientY: number }): Point =>
    pixelAt(zoom.view, zoom.point(event));
  const radius = (event: { pointerType: string; pressure: number }): number => {
    const pen = event.pointerType === 'pen' && settings.pressure;
    return (settings.size / 2) * (pen ? LIGHTEST + (1 - LIGHTEST) * event.pressure : 1);
  };
  const finish = (edit: Edit): void => {
    history.add(edit);
    told();
  };
  const cancel = (): void => {
    const now = doing.current;
    if (now?.kind === 'stroke') {
      now.stroke.edit.swap();
      draw(now.stroke.edit.box);
    }
    doing.current = null;
    setOutline(null);
  };

  const begin = (event: PointerEvent): void => {
    const erases = event.button === 2 || (event.buttons & ERASER_OF_PEN) !== 0;
    const value = erases || settings.tool === 'eraser' ? 0 : 255;
    const at = pixel(event);
    const pointer = event.pointerId;
    if (settings.tool === 'fill') {
      const edit = flood(mask, Math.floor(at.x), Math.floor(at.y), value);
      draw(edit.box);
      finish(edit);
      return;
    }
    event.currentTarget.setPointerCapture(pointer);
    if (settings.tool === 'lasso' || settings.tool === 'rectangle') {
      doing.current = { kind: 'area', pointer, points: [at], value };
      setOutline([at]);
      return;
    }
    const stroke = new Stroke(mask, value, settings.hardness);
    // With Shift a straight line goes on from where the last stroke ended.
    if (event.shiftKey && lastDot.current) stroke.to({ ...lastDot.current, radius: radius(event) });
    doing.current = { kind: 'stroke', pointer, stroke };
    stroke.to({ ...at, radius: radius(event) });
    draw(stroke.edit.box);
    lastDot.current = at;
  };

  const goOn = (event: PointerEvent): void => {
    const now = doing.current;
    if (!now || now.pointer !== event.pointerId) return;
    const all = event.nativeEvent.getCoalescedEvents?.() ?? [];
    for (const one of all.length ? all : [event.nativeEvent]) {
      const at = pixel(one);
      if (now.kind === 'stroke') {
        draw(now.stroke.to({ ...at, radius: radius(one) }));
        lastDot.current = at;
      } else if (settings.tool === 'rectangle') now.points = [now.points[0]!, at];
      else now.points.push(at);
    }
    if (now.kind === 'area') setOutline([...now.points]);
  };

  const end = (event: PointerEvent): void => {
    const now = doing.current;
    if (!now || now.pointer !== event.pointerId) return;
    doing.current = null;
    setOutline(null);
    if (now.kind === 'stroke') return finish(now.stroke.edit);
    const corners = settings.tool === 'rectangle' && now.points[1];
    const points = corners ? rectangle(now.points[0]!, corners) : now.points;
    const edit = fillPolygon(mask, points, now.value);
    draw(edit.box);
    finish(edit);
  };

  /** A second finger: what the first began is taken back, and both move the picture. */
  const toTwoFingers = (event: PointerEvent): void => {
    cancel();
    adoptedRef.current = true;
    for (const one of touches.current.values()) zoom.handlers.onPointerDown(one);
    zoom.handlers.onPointerDown(event);
  };

  const handlers = {
    onPointerDown(event: PointerEvent) {
      if (event.pointerType === 'touch') {
        const second = touches.current.size === 1;
        if (second) toTwoFingers(event);
        touches.current.set(event.pointerId, event);
        if (second || touches.current.size > 1) return;
      }
      if (event.button === 1 || space) zoom.handlers.onPointerDown(event);
      else if (!doing.current) begin(event);
    },
    onPointerMove(event: PointerEvent) {
      if (event.pointerType !== 'touch') setCursor(zoom.point(event));
      if (zoom.panning) zoom.handlers.onPointerMove(event);
      else goOn(event);
    },
    onPointerUp(event: PointerEvent) {
      touches.current.delete(event.pointerId);
      if (!touches.current.size) adoptedRef.current = false;
      zoom.handlers.onPointerUp(event);
      end(event);
    },
    onPointerCancel(event: PointerEvent) {
      touches.current.delete(event.pointerId);
      if (!touches.current.size) adoptedRef.current = false;
      zoom.handlers.onPointerCancel(event);
      if (doing.current?.pointer === event.pointerId) cancel();
    },
    onPointerLeave: () => setCursor(null),
  };

  const brush = settings.tool === 'brush' || settings.tool === 'eraser';
  const overlay = (
    <>
      {outline && outline.length > 1 && (
        <svg className={css.outline} aria-hidden>
          <polygon
            points={(settings.tool === 'rectangle' ? rectangle(outline[0]!, outline[1]!) : outline)
              .map(
                ({ x, y }) =>
                  `${zoom.view.x + x * zoom.view.zoom},${zoom.view.y + y * zoom.view.zoom}`,
              )
              .join(' ')}
          />
        </svg>
      )}
      {brush && cursor && !space && (
        <span
          className={css.cursor}
          data-testid="cursor"
          style={{
            width: Math.max(4, settings.size * zoom.view.zoom),
            height: Math.max(4, settings.size * zoom.view.zoom),
            transform: `translate(${cursor.x}px, ${cursor.y}px) translate(-50%, -50%)`,
          }}
        />
      )}
    </>
  );
  return { handlers, overlay, cancel, busy: () => doing.current !== null };
}
