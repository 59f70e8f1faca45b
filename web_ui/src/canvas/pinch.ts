/** Where two fingers take the view, and what a turn of the wheel is. */

import type { Viewport } from '@xyflow/react';
import { MAX_ZOOM, MIN_ZOOM } from './viewport';

export interface Point {
  x: number;
  y: number;
}

type Two = readonly [Point, Point];

const between = ([a, b]: Two): Point => ({ x: (a.x + b.x) / 2, y: (a.y + b.y) / 2 });
const apart = ([a, b]: Two): number => Math.max(1, Math.hypot(a.x - b.x, a.y - b.y));

/** What was between the fingers stays between them, and grows as they part. */
export function pinched(view: Viewport, from: Two, to: Two): Viewport {
  const zoom = Math.min(MAX_ZOOM, Math.max(MIN_ZOOM, (view.zoom * apart(to)) / apart(from)));
  const before = between(from);
  const now = between(to);
  return {
    x: now.x - ((before.x - view.x) / view.zoom) * zoom,
    y: now.y - ((before.y - view.y) / view.zoom) * zoom,
    zoom,
  };
}

export interface Turn {
  deltaX: number;
  deltaY: number;
  deltaMode: number;
  shiftKey: boolean;
}

/** Pixels below which a turn is none of a wheel with notches. */
const NOTCH = 40;

/** Whether two fingers on a trackpad did it: they go sideways too, and by less than a wheel's notch. */
export const isTrackpad = ({ deltaX, deltaY, deltaMode, shiftKey }: Turn): boolean =>
  deltaMode === 0 && ((deltaX !== 0 && !shiftKey) || Math.abs(deltaX + deltaY) < NOTCH);
