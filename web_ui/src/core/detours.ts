/** Bends for links that would be drawn behind nodes, through the lanes that a layout left for them. */

import { joinPort, routeName, type Edge, type RerouteLayout } from './document';
import type { Rect } from './geometry';
import type { Lane, Point, Span } from './layout';

export interface Detours {
  reroutes: Record<string, RerouteLayout>;
  /** The last bend of each link that has one, by the end of the link. */
  routes: Record<string, string>;
}

/** Where the ends of a link are. */
export interface Ends {
  from: Point;
  to: Point;
}

/** Ids of bends, one after another, that none of these has. */
export const freshBends = (taken: Readonly<Record<string, unknown>> = {}): (() => string) => {
  let count = 0;
  return () => {
    do count += 1;
    while (Object.hasOwn(taken, `bend_${count}`));
    return `bend_${count}`;
  };
};

/** Lanes in another place. */
export const moved = (lanes: readonly Lane[], put: (at: Point) => Point): Lane[] =>
  lanes.map((lane) => ({
    ...lane,
    spans: lane.spans.map(({ from, to }) => ({ from: put(from), to: put(to) })),
  }));

/** Half of what a bend is wide and high: its place is its corner. */
const HALF = 8;
/** As near as a link may come to a node that it does not belong to. */
const CLEAR = 6;
const SAMPLES = 24;
/** As far as a lane may rise or fall for a link to go on without a bend; there is room for as much. */
const LEVEL = 24;

/** `fresh` gives an id that no bend has yet. */
export function detours(
  links: readonly { edge: Edge; ends: Ends }[],
  rects: ReadonlyMap<string, Rect>,
  lanes: readonly Lane[],
  fresh: () => string,
): Detours {
  const laneOf = new Map(lanes.map((lane) => [joinPort(lane.source, lane.sourcePort), lane]));
  const nodes = [...rects];
  const bends = new Map<Point, string>();
  const made: Detours = { reroutes: {}, routes: {} };
  for (const { edge, ends } of links) {
    const source = joinPort(edge.source, edge.sourcePort);
    const spans = (laneOf.get(source)?.spans ?? []).filter(({ to }) => to.x < ends.to.x);
    const through = pointsOf(spans);
    if (!through.length || !hidden(edge, ends, nodes)) continue;
    let last: string | undefined;
    for (const point of through) {
      const known = bends.get(point) ?? fresh();
      bends.set(point, known);
      const behind = last === undefined ? source : `reroute:${last}`;
      made.reroutes[known] ??= { x: point.x - HALF, y: point.y - HALF, source: behind };
      last = known;
    }
    made.routes[routeName(joinPort(edge.target, edge.targetPort), edge.index)] = last!;
  }
  return made;
}

/**
 * Where a link bends: where it comes into the first column that it passes and where it leaves the
 * last, so that it is in the gaps where it goes up and down, and wherever its lane does so.
 */
function pointsOf(spans: readonly Span[]): Point[] {
  const points: Point[] = [];
  let before: Span | undefined;
  for (const span of spans) {
    const level = points.at(-1)?.y;
    if (before === undefined) points.push(span.from);
    else if (Math.abs(span.from.y - level!) > LEVEL) points.push(before.to, span.from);
    before = span;
  }
  if (before) points.push(before.to);
  return points;
}

/** Whether a link that is drawn as one curve passes behind a node. */
function hidden(edge: Edge, { from, to }: Ends, nodes: readonly [string, Rect][]): boolean {
  const [top, bottom] = [Math.min(from.y, to.y), Math.max(from.y, to.y)];
  const near: Rect[] = [];
  for (const [id, { x, y, width, height }] of nodes) {
    if (x > to.x || x + width < from.x || y - CLEAR > bottom || y + height + CLEAR < top) continue;
    if (id !== edge.source && id !== edge.target)
      near.push({
        x: x - CLEAR,
        y: y - CLEAR,
        width: width + 2 * CLEAR,
        height: height + 2 * CLEAR,
      });
  }
  const middle = (from.x + to.x) / 2; // where both control points of the curve are
  for (let step = 1; step < SAMPLES && near.length; step += 1) {
    const [t, s] = [step / SAMPLES, 1 - step / SAMPLES];
    const [first, inner, last] = [s * s * s, 3 * s * t, t * t * t];
    const x = first * from.x + inner * middle + last * to.x;
    const y = first * from.y + inner * (s * from.y + t * to.y) + last * to.y;
    const covers = (rect: Rect): boolean =>
      x > rect.x && x < rect.x + rect.width && y > rect.y && y < rect.y + rect.height;
    if (near.some(covers)) return true;
  }
  return false;
}
