/** Clicks on links and nodes that mean more than choosing them, and nodes that are dropped on links. */

import type { Command } from '@/core/commands';
import {
  canvasOf,
  definitionOf,
  freshId,
  graphOf,
  joinPort,
  routeName,
  type PortName,
} from '@/core/document';
import { snap, type Rect } from '@/core/geometry';
import type { Segment } from '@/core/project';
import { bestInput, descendants, whyNot } from '@/core/rules';
import { shownGraph, type DocumentStore } from '@/state/document';
import { cutCommands, linkCommand } from './connecting';
import { rectOf } from './places';
import { REROUTE, type LinkEdge } from './flow';

/** Put a bend into a drawn piece of a link. */
export function addBend(
  store: DocumentStore,
  segment: Segment,
  at: { x: number; y: number },
): void {
  const state = store.getState();
  const graph = shownGraph(state);
  const known = canvasOf(graphOf(state.document, graph)).reroutes ?? {};
  const id = freshId('reroute', (one) => Object.hasOwn(known, one));
  const source = segment.sourcePort ? joinPort(segment.source, segment.sourcePort) : segment.source;
  const through = segment.targetPort
    ? segment.edges.map((edge) => routeName(joinPort(edge.target, edge.targetPort), edge.index))
    : [segment.target];
  store.run({
    do: 'addReroute',
    graph,
    id,
    x: snap(at.x - REROUTE / 2),
    y: snap(at.y - REROUTE / 2),
    source,
    through,
  });
  store.select([`reroute:${id}`]);
}

export const createBending = (
  store: DocumentStore,
  toCanvas: (point: { x: number; y: number }) => { x: number; y: number },
) => ({
  onEdgeDoubleClick(event: React.MouseEvent, edge: LinkEdge) {
    if (!store.getState().readOnly)
      addBend(store, edge.data!.segment, toCanvas({ x: event.clientX, y: event.clientY }));
  },
  onNodeDoubleClick(event: React.MouseEvent, node: { id: string }) {
    if ((event.target as Element).closest('input, textarea, select, button, [contenteditable]'))
      return;
    const view = store.getState().projected.views.get(node.id);
    const name = view ? definitionOf(view.node.type) : null;
    if (name !== null && store.getState().document.graphs?.[name]) store.enter(node.id);
  },
});

/** Where a link runs, near enough: the middle of the curve between its ends. */
const passes = (
  rect: Rect,
  from: { x: number; y: number },
  to: { x: number; y: number },
): boolean => {
  for (let step = 1; step < 12; step += 1) {
    const t = step / 12;
    const bend = Math.max(40, Math.abs(to.x - from.x) / 2);
    const [a, b, c, d] = [(1 - t) ** 3, 3 * (1 - t) ** 2 * t, 3 * (1 - t) * t ** 2, t ** 3];
    const x = a * from.x + b * (from.x + bend) + c * (to.x - bend) + d * to.x;
    const y = a * from.y + (b * from.y + c * to.y) + d * to.y;
    if (x > rect.x && x < rect.x + rect.width && y > rect.y && y < rect.y + rect.height)
      return true;
  }
  return false;
};

const endOf = (store: DocumentStore, node: string, port: string, side: 'inputs' | 'outputs') => {
  const at = rectOf(store, node);
  const view = store.getState().projected.views.get(node);
  if (!at) return null;
  const handle = view?.geometry[side].find((one) => one.port.name === port);
  return handle
    ? { x: at.x + handle.x, y: at.y + handle.y }
    : { x: at.x + REROUTE / 2, y: at.y + REROUTE / 2 };
};

/** The room that what follows has to make for a node that comes between. */
const GAP = 48;

/** The commands that put a node which was dropped at a place into the link that runs there, if one does. */
export function insertion(store: DocumentStore, id: string, rect: Rect): Command[] {
  const { projected } = store.getState();
  const { types } = projected;
  const view = projected.views.get(id);
  if (!view || Object.keys(view.node.links ?? {}).length) return [];
  const used = projected.segments.some((segment) => segment.source === id);
  if (used) return [];
  for (const segment of projected.segments) {
    const edge = segment.edges[0];
    if (!edge || segment.edges.length > 1 || edge.target === id || edge.source === id) continue;
    const from = endOf(store, segment.source, segment.sourcePort, 'outputs');
    const to = endOf(store, segment.target, segment.targetPort, 'inputs');
    if (!from || !to || !passes(rect, from, to)) continue;
    const source: PortName = { node: edge.source, port: edge.sourcePort };
    const target: PortName = { node: edge.target, port: edge.targetPort };
    const input = bestInput(types, source, id);
    const output =
      input &&
      view.ports.outputs.find(
        (port) => whyNot(types, { node: id, port: port.name }, target) === null,
      );
    if (!input || !output) continue;
    const graph = shownGraph(store.getState());
    return [
      ...cutCommands(graph, segment),
      linkCommand(store, source, { node: id, port: input.name }),
      {
        do: 'connect',
        graph,
        from: joinPort(id, output.name),
        to: joinPort(target.node, target.port),
        ...(edge.index === null ? {} : { among: edge.index }),
      },
      ...madeRoom(store, graph, edge.target, rect.x + rect.width + GAP),
    ];
  }
  return [];
}

/** Move what follows to the right, as far as the node that comes between needs. */
const madeRoom = (
  store: DocumentStore,
  graph: string,
  target: string,
  least: number,
): Command[] => {
  const at = rectOf(store, target);
  if (!at || at.x >= least) return [];
  const by = snap(least - at.x + 7);
  const { types, views } = store.getState().projected;
  const to = Object.fromEntries(
    [...descendants(types, target, [...views.keys()])].flatMap((id) => {
      const rect = rectOf(store, id);
      return rect ? [[id, { x: rect.x + by, y: rect.y }]] : [];
    }),
  );
  return [{ do: 'move', graph, to }];
};
