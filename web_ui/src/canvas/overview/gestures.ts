/** Choosing, marking and moving in the overview, where no element hears of it. */

import { withMembers, type Command } from '@/core/commands';
import { canvasOf, graphOf } from '@/core/document';
import { snap, type Rect } from '@/core/geometry';
import { shownGraph, type DocumentStore } from '@/state/document';
import { useSettings } from '@/state/settings';
import { itemAt, itemsIn, type Placed } from './hit';

interface Point {
  x: number;
  y: number;
}

export interface Gestures {
  /** What a press means; false if it is the view's own, as for panning. */
  press(event: PointerEvent, at: Point): boolean;
  move(event: PointerEvent, at: Point): void;
  release(): void;
}

const STILL = 4;

export function createGestures(
  store: DocumentStore,
  placed: () => readonly Placed[],
  setMarquee: (marquee: Rect | null) => void,
): Gestures {
  let start: Point | null = null;
  let moving: ReadonlyMap<string, Point> | null = null;
  let marked: ReadonlySet<string> = new Set();
  let zoomed = 1;

  const pressItem = (event: PointerEvent, item: string): void => {
    const { selection } = store.getState();
    const several = event.shiftKey || event.ctrlKey || event.metaKey;
    if (several) {
      const after = new Set(selection);
      if (!after.delete(item)) after.add(item);
      store.select(after);
    } else if (!selection.has(item)) store.select([item]);
    const state = store.getState();
    const canvas = canvasOf(graphOf(state.document, shownGraph(state)));
    const along = withMembers(canvas, state.selection.has(item) ? state.selection : [item]);
    const rects = new Map(placed().map((one) => [one.item, one.rect]));
    moving = new Map([...along].flatMap((one) => (rects.has(one) ? [[one, rects.get(one)!]] : [])));
  };

  return {
    press(event, at) {
      if (event.button !== 0) return false;
      const hit = itemAt(placed(), at.x, at.y);
      // One finger moves the view, as it does where nodes are elements.
      const pans =
        (useSettings.getState().drag === 'pan' || event.pointerType === 'touch') && !event.shiftKey;
      if (!hit && pans) return false;
      start = at;
      zoomed = 1;
      if (hit) pressItem(event, hit.item);
      else marked = event.shiftKey ? store.getState().selection : new Set();
      return true;
    },
    move(_event, at) {
      if (!start) return;
      if (moving) {
        if (store.getState().readOnly) return;
        const [dx, dy] = [at.x - start.x, at.y - start.y];
        if (Math.hypot(dx, dy) * zoomed < STILL) return;
        const to = useSettings.getState().snap ? snap : (value: number) => Math.round(value);
        store.setState({
          dragged: new Map(
            [...moving].map(([item, from]) => [item, { x: from.x + to(dx), y: from.y + to(dy) }]),
          ),
        });
        return;
      }
      const marquee = {
        x: Math.min(start.x, at.x),
        y: Math.min(start.y, at.y),
        width: Math.abs(at.x - start.x),
        height: Math.abs(at.y - start.y),
      };
      setMarquee(marquee);
      store.select([
        ...marked,
        ...itemsIn(placed(), marquee, useSettings.getState().marquee === 'whole'),
      ]);
    },
    release() {
      const { dragged } = store.getState();
      if (start && !moving) {
        setMarquee(null);
        if (!marked.size && store.getState().selection.size === 0) store.select([]);
      }
      if (moving && dragged.size) {
        const command: Command = {
          do: 'move',
          graph: shownGraph(store.getState()),
          to: Object.fromEntries(dragged),
        };
        store.setState({ dragged: new Map() });
        store.run(command);
      }
      start = null;
      moving = null;
    },
  };
}
