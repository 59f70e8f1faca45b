import { useReactFlow, useStoreApi } from '@xyflow/react';
import { useEffect, useRef, type RefObject } from 'react';
import { nodeTitle } from '@/node/title';
import { openMenu, NODE_MENU, PANE_MENU } from '@/shell/menus/open';
import type { DocumentStore } from '@/state/document';
import { useSettings } from '@/state/settings';
import { drawScene, makeScene, type Look, type Scene } from './draw';
import { createGestures } from './gestures';
import { itemAt, placedItems } from './hit';
import { useMarks } from './marks';
import css from './Overview.module.css';
import type { Rect } from '@/core/geometry';

/** The colours of the theme, read once for each look of the page. */
const lookOf = (element: Element): Look => {
  const style = getComputedStyle(element);
  const known = new Map<string, string>();
  return {
    color(token) {
      const color = known.get(token) ?? style.getPropertyValue(token).trim();
      known.set(token, color);
      return color;
    },
    font: style.fontFamily,
  };
};

/** The graph from afar: drawn, and worked with all the same. */
export function Overview({
  store,
  surface,
}: {
  store: DocumentStore;
  surface: RefObject<HTMLDivElement | null>;
}) {
  const canvas = useRef<HTMLCanvasElement>(null);
  const flow = useStoreApi();
  const { screenToFlowPosition } = useReactFlow();
  useEffect(() => {
    const element = canvas.current!;
    const area = surface.current!;
    const context = element.getContext('2d')!;
    let look = lookOf(element);
    let scene: Scene | null = null;
    let marquee: Rect | null = null;
    let asked = 0;

    const placed = () => placedItems(store.getState().projected, store.getState().dragged);
    const draw = (): void => {
      asked = 0;
      const { width, height, transform } = flow.getState();
      const density = window.devicePixelRatio;
      if (
        element.width !== Math.round(width * density) ||
        element.height !== Math.round(height * density)
      ) {
        element.width = Math.round(width * density);
        element.height = Math.round(height * density);
      }
      const { projected, selection, catalogue } = store.getState();
      scene ??= makeScene(projected, placed(), (id) =>
        nodeTitle(projected.views.get(id)!, catalogue),
      );
      const [x, y, zoom] = transform;
      drawScene(
        context,
        scene,
        {
          width,
          height,
          density,
          x,
          y,
          zoom,
          selection,
          marks: useMarks.getState().marks,
          marquee,
        },
        look,
      );
    };
    const ask = (): void => {
      asked ||= requestAnimationFrame(draw);
    };
    const gestures = createGestures(
      store,
      () => scene?.placed ?? placed(),
      (next) => {
        marquee = next;
        ask();
      },
    );
    const at = (event: MouseEvent) =>
      screenToFlowPosition({ x: event.clientX, y: event.clientY }, { snapToGrid: false });
    const ours = (event: Event): boolean =>
      (event.target as Element).closest('.react-flow__pane, .react-flow__nodesselection') !== null;
    let pressed = false;
    const onDown = (event: PointerEvent): void => {
      if (!ours(event)) return;
      pressed = gestures.press(event, at(event));
      if (!pressed) return;
      event.stopPropagation();
      area.setPointerCapture(event.pointerId);
    };
    const onMove = (event: PointerEvent): void => {
      if (pressed) gestures.move(event, at(event));
    };
    const onUp = (): void => {
      if (!pressed) return;
      pressed = false;
      gestures.release();
    };
    // React Flow hears of a press as a mouse event, too: that of ours is not for panning.
    const onMouseDown = (event: Event): void => {
      if (pressed) event.stopPropagation();
    };
    const onMenu = (event: MouseEvent): void => {
      if (!ours(event)) return;
      event.preventDefault();
      event.stopPropagation();
      const point = at(event);
      const hit = itemAt(scene?.placed ?? placed(), point.x, point.y);
      if (hit && !store.getState().selection.has(hit.item)) store.select([hit.item]);
      openMenu({
        x: event.clientX,
        y: event.clientY,
        items: hit ? NODE_MENU : PANE_MENU,
        label: '',
      });
    };
    area.addEventListener('pointerdown', onDown, { capture: true });
    area.addEventListener('pointermove', onMove, { capture: true });
    area.addEventListener('pointerup', onUp, { capture: true });
    area.addEventListener('pointercancel', onUp, { capture: true });
    area.addEventListener('mousedown', onMouseDown, { capture: true });
    area.addEventListener('touchstart', onMouseDown, { capture: true });
    area.addEventListener('contextmenu', onMenu, { capture: true });
    const stops = [
      flow.subscribe((now, before) => {
        if (
          now.transform !== before.transform ||
          now.width !== before.width ||
          now.height !== before.height
        )
          ask();
      }),
      store.subscribe((now, before) => {
        if (
          now.projected !== before.projected ||
          now.dragged !== before.dragged ||
          now.catalogue !== before.catalogue
        )
          scene = null;
        ask();
      }),
      useMarks.subscribe(ask),
      useSettings.subscribe(() => {
        look = lookOf(element);
        ask();
      }),
    ];
    ask();
    return () => {
      cancelAnimationFrame(asked);
      stops.forEach((stop) => stop());
      area.removeEventListener('pointerdown', onDown, { capture: true });
      area.removeEventListener('pointermove', onMove, { capture: true });
      area.removeEventListener('pointerup', onUp, { capture: true });
      area.removeEventListener('pointercancel', onUp, { capture: true });
      area.removeEventListener('mousedown', onMouseDown, { capture: true });
      area.removeEventListener('touchstart', onMouseDown, { capture: true });
      area.removeEventListener('contextmenu', onMenu, { capture: true });
    };
  }, [store, flow, surface, screenToFlowPosition]);
  return <canvas ref={canvas} className={css.overview} aria-hidden />;
}
