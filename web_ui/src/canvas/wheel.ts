/** The wheel: it zooms, or moves the view, as the user says or as what turns it makes likely. */

import { useSettings } from '@/state/settings';
import { isTrackpad } from './pinch';
import type { View } from './touch';

/** Milliseconds without a turn after which the next one is looked at anew. */
const PAUSE = 250;

/** Pixels of a line, for wheels that count in lines. */
const LINE = 20;

/** Watch a canvas for wheels; React Flow zooms with what is left to it. Gives what ends that. */
export function watchWheel(element: HTMLElement, view: View): () => void {
  let last = -PAUSE;
  let moving = false;
  const moves = (event: WheelEvent): boolean => {
    const { wheel } = useSettings.getState();
    if (wheel !== 'auto') return wheel === 'pan';
    // One movement of the fingers ends faster than it begins: it is told by its first part.
    if (event.timeStamp - last > PAUSE) moving = isTrackpad(event);
    last = event.timeStamp;
    return moving;
  };
  const onWheel = (event: WheelEvent): void => {
    // With Ctrl it is a pinch, or meant as one.
    if (event.ctrlKey || event.metaKey || (event.target as Element).closest('.nowheel')) return;
    if (!moves(event)) return;
    event.preventDefault();
    event.stopPropagation();
    const unit = event.deltaMode === 0 ? 1 : LINE;
    const turned = event.shiftKey && event.deltaX === 0;
    const { x, y, zoom } = view.get();
    void view.set({
      x: x - (turned ? event.deltaY : event.deltaX) * unit,
      y: y - (turned ? 0 : event.deltaY) * unit,
      zoom,
    });
  };
  element.addEventListener('wheel', onWheel, { capture: true, passive: false });
  return () => element.removeEventListener('wheel', onWheel, { capture: true });
}
