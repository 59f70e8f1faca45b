/** Moving and looking: nudging, aligning, tidying, walking the graph, and the view. */

import { focusNode } from '@/canvas/focus';
import { headFor } from '@/canvas/overview/heading';
import { rectOf } from '@/canvas/places';
import { viewportFor } from '@/canvas/viewport';
import { endsOf } from '@/core/arrange';
import { detours, freshBends, moved } from '@/core/detours';
import { edgesOf, graphOf } from '@/core/document';
import { bounds, GRID, type Rect } from '@/core/geometry';
import { layoutGraph, type Point } from '@/core/layout';
import { bendsOf, itemsOf } from '@/core/project';
import { descendants, ancestors } from '@/core/rules';
import { shownGraph, type DocumentStore } from '@/state/document';
import { flowOf, surfaceOf } from '../pointer';
import { selectedNodes } from './graph';
import { register, type Context, type Doing } from './registry';

const still = (): boolean => matchMedia('(prefers-reduced-motion: reduce)').matches;

/** How long a jump of the view takes. */
export const jump = (): number => (still() ? 0 : 200);

const some = ({ store }: Context): boolean =>
  !store.getState().readOnly && store.getState().selection.size > 0;
const several = ({ store }: Context): boolean =>
  !store.getState().readOnly && selectedNodes(store).length > 1;

type Places = Record<string, { x: number; y: number }>;

const moveTo = (
  store: DocumentStore,
  to: Places,
  label: string,
  group: string | null = null,
): void =>
  store.run(
    { do: 'batch', label, commands: [{ do: 'move', graph: shownGraph(store.getState()), to }] },
    { group },
  );

const rects = (store: DocumentStore, items: Iterable<string>): Map<string, Rect> => {
  const found = new Map<string, Rect>();
  for (const item of items) {
    const rect = rectOf(store, item);
    if (rect) found.set(item, rect);
  }
  return found;
};

const nudge =
  (dx: number, dy: number) =>
  ({ store }: Context): void => {
    const to: Places = {};
    for (const [item, rect] of rects(store, store.getState().selection))
      to[item] = { x: rect.x + dx, y: rect.y + dy };
    moveTo(store, to, 'move', `nudge ${[...store.getState().selection].join()}`);
  };

const nudges = (['Left', 'Right', 'Up', 'Down'] as const).flatMap((way): Doing[] => {
  const [dx, dy] = { Left: [-1, 0], Right: [1, 0], Up: [0, -1], Down: [0, 1] }[way] as [
    number,
    number,
  ];
  return [
    {
      id: `move.nudge${way}`,
      group: 'edit',
      keys: [`Arrow${way}`],
      when: some,
      run: nudge(dx * GRID, dy * GRID),
    },
    {
      id: `move.push${way}`,
      group: 'edit',
      keys: [`Shift+Arrow${way}`],
      when: some,
      run: nudge(dx * GRID * 10, dy * GRID * 10),
    },
  ];
});

/** Line up what is selected at one edge, or in the middle. */
const align =
  (edge: 'bottom' | 'center' | 'left' | 'middle' | 'right' | 'top') =>
  ({ store }: Context): void => {
    const found = rects(store, selectedNodes(store));
    const around = bounds(found.values())!;
    const to: Places = {};
    for (const [item, { x, y, width, height }] of found)
      to[item] = {
        left: { x: around.x, y },
        right: { x: around.x + around.width - width, y },
        center: { x: around.x + (around.width - width) / 2, y },
        top: { x, y: around.y },
        bottom: { x, y: around.y + around.height - height },
        middle: { x, y: around.y + (around.height - height) / 2 },
      }[edge];
    moveTo(store, to, 'align');
  };

/** Leave equal room between what is selected. */
const distribute =
  (along: 'x' | 'y') =>
  ({ store }: Context): void => {
    const size = along === 'x' ? 'width' : 'height';
    const found = [...rects(store, selectedNodes(store))].toSorted(
      ([, a], [, b]) => a[along] - b[along],
    );
    const around = bounds(found.map(([, rect]) => rect))!;
    const room =
      (around[size] - found.reduce((sum, [, rect]) => sum + rect[size], 0)) / (found.length - 1);
    let at = around[along];
    const to: Places = {};
    for (const [item, rect] of found) {
      to[item] = { x: rect.x, y: rect.y, [along]: Math.round(at) };
      at += rect[size] + room;
    }
    moveTo(store, to, 'distribute');
  };

/** Lay out what is selected, or everything, without moving anything else. */
const tidy = ({ store }: Context): void => {
  const { document, projected } = store.getState();
  const name = projected.types.name;
  const graph = graphOf(document, name);
  const chosen = selectedNodes(store);
  const ids = new Set(chosen.length > 1 ? chosen : projected.views.keys());
  const found = rects(store, ids);
  const around = bounds(found.values());
  if (!around) return;
  const [within, others] = partition(
    edgesOf(graph),
    (edge) => ids.has(edge.source) && ids.has(edge.target),
  );
  const { places, lanes } = layoutGraph({
    nodes: [...found].map(([id, rect]) => ({ id, width: rect.width, height: rect.height })),
    edges: within,
  });
  const corner = bounds([...places.values()].map((at) => ({ ...at, width: 0, height: 0 })))!;
  const put = (at: Point): Point => ({
    x: at.x - corner.x + around.x,
    y: at.y - corner.y + around.y,
  });
  const to = Object.fromEntries([...places].map(([id, at]) => [id, put(at)]));
  const kept = new Set(others.flatMap((edge) => bendsOf(graph, edge)));
  const old = new Set(within.flatMap((edge) => bendsOf(graph, edge)).filter((id) => !kept.has(id)));
  const { reroutes, routes } = detours(
    within.map((edge) => ({
      edge,
      ends: endsOf(edge, to, (id) => projected.views.get(id)!.geometry),
    })),
    new Map([...found].map(([id, rect]) => [id, { ...rect, ...to[id] }])),
    moved(lanes, put),
    freshBends(projected.reroutes),
  );
  store.run({
    do: 'batch',
    label: 'tidy',
    commands: [
      ...(old.size
        ? [{ do: 'remove' as const, graph: name, items: [...old].map((id) => `reroute:${id}`) }]
        : []),
      { do: 'move', graph: name, to },
      ...Object.entries(reroutes).map(([id, reroute]) => ({
        do: 'addReroute' as const,
        graph: name,
        id,
        ...reroute,
        through: Object.keys(routes).filter((end) => routes[end] === id),
      })),
    ],
  });
};

function partition<T>(items: readonly T[], holds: (item: T) => boolean): [T[], T[]] {
  const sides: [T[], T[]] = [[], []];
  for (const item of items) sides[holds(item) ? 0 : 1].push(item);
  return sides;
}

/** Go to the node that a link leads to, or the next one beside. */
const walk =
  (way: 'down' | 'left' | 'right' | 'up') =>
  ({ store }: Context): void => {
    const { document, projected } = store.getState();
    const from = selectedNodes(store)[0] ?? [...projected.views.keys()][0];
    if (from === undefined) return;
    const edges = edgesOf(graphOf(document, projected.types.name));
    const next =
      way === 'left'
        ? edges.find((edge) => edge.target === from)?.source
        : way === 'right'
          ? edges.find((edge) => edge.source === from)?.target
          : beside(store, from, way);
    const to = selectedNodes(store).length ? next : from;
    if (to === undefined || !projected.views.has(to)) return;
    store.select([to]);
    reveal(store, [to]);
    focusNode(to);
  };

const beside = (store: DocumentStore, from: string, way: 'down' | 'up'): string | undefined => {
  const here = rectOf(store, from);
  if (!here) return undefined;
  const sign = way === 'down' ? 1 : -1;
  const distance = (rect: Rect): number => (rect.y - here.y) * sign + Math.abs(rect.x - here.x) * 3;
  return [...rects(store, store.getState().projected.views.keys())]
    .filter(([id, rect]) => id !== from && (rect.y - here.y) * sign > 0)
    .toSorted(([, a], [, b]) => distance(a) - distance(b))[0]?.[0];
};

const everything = (store: DocumentStore): string[] => itemsOf(store.getState().projected);

/** Show items as large as they fit, at most at their own size; also from afar, where React Flow knows none. */
function lookAt(store: DocumentStore, items: readonly string[]): void {
  const flow = flowOf(store);
  const around = bounds(items.flatMap((item) => rectOf(store, item) ?? []));
  const box = surfaceOf(store);
  if (!flow || !around || !box) return;
  const view = viewportFor(around, box.width, box.height);
  headFor(view.zoom, () => flow.setViewport(view, { duration: jump() }));
}

/** Bring items into view, if they are not there already. */
export function reveal(store: DocumentStore, items: readonly string[]): void {
  const flow = flowOf(store);
  const around = bounds(items.flatMap((item) => rectOf(store, item) ?? []));
  if (!flow || !around) return;
  const zoom = Math.max(flow.getZoom(), 0.5);
  void flow.setCenter(around.x + around.width / 2, around.y + around.height / 2, {
    zoom,
    duration: jump(),
  });
}

const selectReach =
  (reach: typeof ancestors) =>
  ({ store }: Context): void => {
    const { projected } = store.getState();
    const found = new Set(selectedNodes(store).flatMap((id) => [...reach(projected.types, id)]));
    store.select(found);
  };

register(
  ...nudges,
  ...(['left', 'center', 'right', 'top', 'middle', 'bottom'] as const).map((edge): Doing => ({
    id: `move.align.${edge}`,
    group: 'edit',
    when: several,
    run: align(edge),
  })),
  {
    id: 'move.distribute.x',
    group: 'edit',
    when: ({ store }) => selectedNodes(store).length > 2,
    run: distribute('x'),
  },
  {
    id: 'move.distribute.y',
    group: 'edit',
    when: ({ store }) => selectedNodes(store).length > 2,
    run: distribute('y'),
  },
  {
    id: 'move.tidy',
    group: 'edit',
    keys: ['Shift+L'],
    when: ({ store }) => !store.getState().readOnly,
    run: tidy,
  },
  { id: 'go.left', group: 'go', keys: ['Alt+ArrowLeft'], run: walk('left') },
  { id: 'go.right', group: 'go', keys: ['Alt+ArrowRight'], run: walk('right') },
  { id: 'go.up', group: 'go', keys: ['Alt+ArrowUp'], run: walk('up') },
  { id: 'go.down', group: 'go', keys: ['Alt+ArrowDown'], run: walk('down') },
  {
    id: 'go.upstream',
    group: 'go',
    keys: ['Alt+Shift+ArrowLeft'],
    when: ({ store }) => selectedNodes(store).length > 0,
    run: selectReach(ancestors),
  },
  {
    id: 'go.downstream',
    group: 'go',
    keys: ['Alt+Shift+ArrowRight'],
    when: ({ store }) => selectedNodes(store).length > 0,
    run: (context) =>
      selectReach((types, id) =>
        descendants(types, id, [...context.store.getState().projected.views.keys()]),
      )(context),
  },
  {
    id: 'view.focus',
    group: 'view',
    keys: ['.'],
    run: ({ store }) => {
      const { selection } = store.getState();
      const nodes = [...selection].map((id) => ({ id }));
      void flowOf(store)?.fitView({
        ...(nodes.length ? { nodes } : {}),
        padding: 0.3,
        maxZoom: 1,
        duration: jump(),
      });
    },
  },
  {
    id: 'view.fit',
    group: 'view',
    keys: ['Home', 'Shift+1'],
    run: ({ store }) => lookAt(store, everything(store)),
  },
  {
    id: 'view.actual',
    group: 'view',
    keys: ['0'],
    run: ({ store }) => void flowOf(store)?.zoomTo(1, { duration: jump() }),
  },
  {
    id: 'view.zoomIn',
    group: 'view',
    keys: ['=', '+'],
    run: ({ store }) => void flowOf(store)?.zoomIn({ duration: jump() }),
  },
  {
    id: 'view.zoomOut',
    group: 'view',
    keys: ['-'],
    run: ({ store }) => void flowOf(store)?.zoomOut({ duration: jump() }),
  },
);
