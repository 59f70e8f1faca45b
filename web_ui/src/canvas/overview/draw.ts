/**
 * The graph drawn small, on a 2D canvas: boxes, titles, links. Paths are made once for each state of
 * the graph and stroked under the transform of the view, so a frame costs some twenty calls.
 */

import { familyOf, type Family } from '@/core/fields';
import { overlaps, type Rect } from '@/core/geometry';
import type { Projected, Segment } from '@/core/project';
import { REROUTE } from '../flow';
import type { Placed } from './hit';

export interface Look {
  color(token: string): string;
  font: string;
}

/** How a node is, as far as the overview shows it. */
export type Mark = 'done' | 'failed' | 'running';

export interface Scene {
  placed: readonly Placed[];
  titles: ReadonlyMap<string, string>;
  families: ReadonlyMap<string, Family>;
  links: ReadonlyMap<Family, Path2D>;
  modes: ReadonlySet<string>;
}

/** Pixels on the screen from which on a title can be read. */
const READABLE = 9;

const endOf = (
  projected: Projected,
  rects: ReadonlyMap<string, Rect>,
  item: string,
  port: string,
  side: 'inputs' | 'outputs',
): { x: number; y: number } | null => {
  const rect = rects.get(item);
  if (!rect) return null;
  const handle = projected.views.get(item)?.geometry[side].find((one) => one.port.name === port);
  if (handle) return { x: rect.x + handle.x, y: rect.y + handle.y };
  return { x: rect.x + REROUTE / 2, y: rect.y + REROUTE / 2 };
};

/** A curve as React Flow draws it. */
const addLink = (
  path: Path2D,
  from: { x: number; y: number },
  to: { x: number; y: number },
): void => {
  const ahead = to.x - from.x;
  const bend = ahead >= 0 ? ahead / 2 : 0.25 * 25 * Math.sqrt(-ahead);
  path.moveTo(from.x, from.y);
  path.bezierCurveTo(from.x + bend, from.y, to.x - bend, to.y, to.x, to.y);
};

export function makeScene(
  projected: Projected,
  placed: readonly Placed[],
  title: (id: string) => string,
): Scene {
  const rects = new Map(placed.map((one) => [one.item, one.rect]));
  const links = new Map<Family, Path2D>();
  const draw = (segment: Segment): void => {
    const from = endOf(projected, rects, segment.source, segment.sourcePort, 'outputs');
    const to = endOf(projected, rects, segment.target, segment.targetPort, 'inputs');
    if (!from || !to) return;
    const path = links.get(segment.family) ?? new Path2D();
    addLink(path, from, to);
    links.set(segment.family, path);
  };
  projected.segments.forEach(draw);
  const views = [...projected.views.values()];
  return {
    placed,
    links,
    titles: new Map(views.map((view) => [view.id, title(view.id)])),
    families: new Map(
      views.map((view) => [view.id, view.outputTypes[0] ? familyOf(view.outputTypes[0]) : 'any']),
    ),
    modes: new Set(views.filter((view) => view.node.mode).map((view) => view.id)),
  };
}

export interface Frame {
  width: number;
  height: number;
  /** Pixels of the device for one of the page. */
  density: number;
  x: number;
  y: number;
  zoom: number;
  selection: ReadonlySet<string>;
  marks: (item: string) => Mark | undefined;
  marquee: Rect | null;
}

const STRIPE = 8;

export function drawScene(
  context: CanvasRenderingContext2D,
  scene: Scene,
  frame: Frame,
  look: Look,
): void {
  const { width, height, density, x, y, zoom } = frame;
  context.setTransform(density, 0, 0, density, 0, 0);
  context.clearRect(0, 0, width, height);
  context.setTransform(density * zoom, 0, 0, density * zoom, density * x, density * y);
  const seen: Rect = { x: -x / zoom, y: -y / zoom, width: width / zoom, height: height / zoom };
  const visible = scene.placed.filter(({ rect }) => overlaps(rect, seen));
  drawFrames(context, visible, zoom, look);
  context.lineWidth = Math.min(1.5, 0.4 + zoom * 3) / zoom;
  context.globalAlpha = 0.75;
  for (const [family, path] of scene.links) {
    context.strokeStyle = look.color(`--family-${family}`);
    context.stroke(path);
  }
  context.globalAlpha = 1;
  drawBoxes(context, scene, visible, frame, look);
  if (frame.marquee) {
    context.fillStyle = look.color('--accent-soft');
    context.strokeStyle = look.color('--accent');
    context.lineWidth = 1 / zoom;
    context.fillRect(frame.marquee.x, frame.marquee.y, frame.marquee.width, frame.marquee.height);
    context.strokeRect(frame.marquee.x, frame.marquee.y, frame.marquee.width, frame.marquee.height);
  }
}

const drawFrames = (
  context: CanvasRenderingContext2D,
  visible: readonly Placed[],
  zoom: number,
  look: Look,
): void => {
  context.fillStyle = look.color('--line-strong');
  context.strokeStyle = look.color('--line-strong');
  context.lineWidth = 1 / zoom;
  for (const { item, rect } of visible) {
    if (!item.startsWith('frame:')) continue;
    context.globalAlpha = 0.12;
    context.fillRect(rect.x, rect.y, rect.width, rect.height);
    context.globalAlpha = 0.6;
    context.strokeRect(rect.x, rect.y, rect.width, rect.height);
  }
  context.globalAlpha = 1;
};

/** Boxes by what they look like, so that colours change a handful of times and not once a node. */
function drawBoxes(
  context: CanvasRenderingContext2D,
  scene: Scene,
  visible: readonly Placed[],
  frame: Frame,
  look: Look,
): void {
  const { zoom, selection } = frame;
  const bodies = new Path2D();
  const quiet = new Path2D();
  const chosen = new Path2D();
  const notes = new Path2D();
  const stripes = new Map<Family, Path2D>();
  for (const { item, rect } of visible) {
    if (selection.has(item)) chosen.rect(rect.x, rect.y, rect.width, rect.height);
    if (item.startsWith('note:')) notes.rect(rect.x, rect.y, rect.width, rect.height);
    const family = scene.families.get(item);
    if (family === undefined) continue;
    (scene.modes.has(item) ? quiet : bodies).rect(rect.x, rect.y, rect.width, rect.height);
    const stripe = stripes.get(family) ?? new Path2D();
    stripe.rect(rect.x, rect.y, rect.width, STRIPE);
    stripes.set(family, stripe);
  }
  context.fillStyle = look.color('--node');
  context.strokeStyle = look.color('--line-strong');
  context.lineWidth = 1 / zoom;
  context.fill(bodies);
  context.stroke(bodies);
  context.globalAlpha = 0.45;
  context.fill(quiet);
  context.stroke(quiet);
  context.globalAlpha = 1;
  context.fillStyle = look.color('--tint-yellow');
  context.globalAlpha = 0.35;
  context.fill(notes);
  context.globalAlpha = 1;
  for (const [family, path] of stripes) {
    context.fillStyle = look.color(`--family-${family}`);
    context.fill(path);
  }
  drawMarks(context, visible, frame, look);
  drawTitles(context, scene, visible, zoom, look);
  context.strokeStyle = look.color('--accent');
  context.lineWidth = 2 / zoom;
  context.stroke(chosen);
}

const MARKS: Record<Mark, { token: string; sign: string }> = {
  done: { token: '--ok', sign: '✓' },
  failed: { token: '--err', sign: '!' },
  running: { token: '--run', sign: '▸' },
};

/** Large signs, to be read from afar: what runs, what is done, what failed. */
function drawMarks(
  context: CanvasRenderingContext2D,
  visible: readonly Placed[],
  frame: Frame,
  look: Look,
): void {
  const size = 16 / frame.zoom;
  context.textAlign = 'center';
  context.textBaseline = 'middle';
  context.font = `700 ${size}px ${look.font}`;
  for (const { item, rect } of visible) {
    const mark = frame.marks(item);
    if (!mark) continue;
    const { token, sign } = MARKS[mark];
    context.fillStyle = look.color(token);
    context.globalAlpha = 0.22;
    context.fillRect(rect.x, rect.y, rect.width, rect.height);
    context.globalAlpha = 1;
    context.fillText(sign, rect.x + rect.width / 2, rect.y + rect.height * 0.66);
  }
}

function drawTitles(
  context: CanvasRenderingContext2D,
  scene: Scene,
  visible: readonly Placed[],
  zoom: number,
  look: Look,
): void {
  const size = Math.min(11 / zoom, 40);
  if (size * zoom < READABLE) return;
  context.font = `600 ${size}px ${look.font}`;
  context.textAlign = 'left';
  context.textBaseline = 'top';
  context.fillStyle = look.color('--text');
  for (const { item, rect } of visible) {
    const title = scene.titles.get(item);
    if (title)
      context.fillText(shortened(context, title, rect.width - 16), rect.x + 8, rect.y + STRIPE + 6);
  }
}

const widths = new Map<string, string>();

/** As much of a text as there is room for; measured once for each text and width. */
const shortened = (context: CanvasRenderingContext2D, text: string, width: number): string => {
  const key = `${context.font} ${width} ${text}`;
  const known = widths.get(key);
  if (known !== undefined) return known;
  let short = text;
  if (context.measureText(text).width > width) {
    while (short.length > 1 && context.measureText(`${short}…`).width > width)
      short = short.slice(0, -1);
    short = `${short.trimEnd()}…`;
  }
  if (widths.size > 20_000) widths.clear();
  widths.set(key, short);
  return short;
};
