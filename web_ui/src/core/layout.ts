/**
 * Places for nodes that have none: columns from left to right by how far a node is from where the
 * graph begins, in each column an order with few crossings, and heights that keep links level.
 *
 * The method of Sugiyama, Tagawa and Toda (1981): layers by longest path, long links split by
 * points that only take part in the ordering, barycentres, and heights by isotonic regression.
 */

import { orderLayers } from './layoutOrder';
import { pack } from './layoutPack';

export interface LayoutGraph {
  readonly nodes: readonly {
    readonly id: string;
    readonly width: number;
    readonly height: number;
  }[];
  readonly edges: readonly {
    readonly source: string;
    /** Links of one output lie together where they are long. */
    readonly sourcePort?: string;
    readonly target: string;
  }[];
}

export interface LayoutOptions {
  /** Between columns, in pixels; links bend there. */
  readonly columnGap?: number;
  /** Between nodes of a column. */
  readonly rowGap?: number;
  /** Between parts of the graph that no link joins. */
  readonly partGap?: number;
  /** Positions are multiples of this. */
  readonly grid?: number;
}

export interface Point {
  readonly x: number;
  readonly y: number;
}

/** The room that is left for the long links of an output: where they enter and leave each column. */
export interface Lane {
  readonly source: string;
  readonly sourcePort: string;
  readonly spans: readonly Span[];
}

export interface Span {
  readonly from: Point;
  readonly to: Point;
}

export interface Layout {
  /** Top left corners. */
  readonly places: Map<string, Point>;
  readonly lanes: readonly Lane[];
}

/** Whatever can place a graph. Equal graphs get equal places; the first begins at 0, 0. */
export type LayoutEngine = (graph: LayoutGraph, options?: LayoutOptions) => Layout;

/** A part of the graph, its nodes by number; numbers from `real` on are points of long links. */
export interface Part {
  readonly ids: readonly string[];
  readonly real: number;
  readonly widths: readonly number[];
  readonly heights: readonly number[];
  readonly layerOf: readonly number[];
  /** By number, in the layers before and after. */
  readonly before: readonly number[][];
  readonly after: readonly number[][];
  /** How many links go through each point, the first of them at 0. */
  readonly carried: readonly number[];
  /** The points of long links, from left to right. */
  readonly chains: readonly { source: number; port: string; points: readonly number[] }[];
}

export const layoutGraph: LayoutEngine = (graph, options = {}) => {
  const { columnGap = 80, rowGap = 40, partGap = 96, grid = 8 } = options;
  const parts = split(graph).map(({ nodes, edges }) => {
    const part = layered(nodes, edges);
    const layers = orderLayers(part);
    return { part, ...placed(part, layers, columnGap, rowGap) };
  });
  const places = new Map<string, Point>();
  const corners = pack(parts, partGap);
  const snap = (value: number) => Math.round(value / grid) * grid;
  const lanes: Lane[] = [];
  parts.forEach(({ part, xs, ys, columns }, at) => {
    const { x, y } = corners[at]!;
    part.ids.forEach((id, node) => {
      places.set(id, { x: snap(x + xs[node]!), y: snap(y + ys[node]!) });
    });
    for (const { source, port, points } of part.chains) {
      const span = (point: number): Span => {
        const from = { x: snap(x + xs[point]!), y: snap(y + ys[point]! + LANE / 2) };
        return { from, to: { ...from, x: from.x + columns[part.layerOf[point]!]! } };
      };
      lanes.push({ source: part.ids[source]!, sourcePort: port, spans: points.map(span) });
    }
  });
  return { places, lanes };
};

type Nodes = LayoutGraph['nodes'];
type Edge = readonly [from: number, to: number, port: string];
type Edges = readonly Edge[];

/** The parts of a graph that no link joins, each with its edges by number, without doubles. */
function split({ nodes, edges }: LayoutGraph): { nodes: Nodes; edges: Edges }[] {
  const numbers = new Map(nodes.map((node, at) => [node.id, at]));
  const root = nodes.map((_, at) => at);
  const rootOf = (at: number): number => {
    while (root[at] !== at) at = root[at] = root[root[at]!]!;
    return at;
  };
  const known = new Map<string, Edge>();
  for (const { source, sourcePort = '', target } of edges) {
    const from = numbers.get(source);
    const to = numbers.get(target);
    if (from === undefined || to === undefined || from === to) continue;
    known.set(`${from} ${to} ${sourcePort}`, [from, to, sourcePort]);
    const [first, second] = [rootOf(from), rootOf(to)];
    root[Math.max(first, second)] = Math.min(first, second);
  }
  const members = new Map<number, number[]>();
  nodes.forEach((_, at) => {
    const part = members.get(rootOf(at));
    if (part) part.push(at);
    else members.set(at, [at]);
  });
  const inPart = new Array<number>(nodes.length);
  const edgesOf = new Map<number, Edge[]>();
  for (const [start, part] of members) {
    part.forEach((node, at) => (inPart[node] = at));
    edgesOf.set(start, []);
  }
  for (const [from, to, port] of known.values()) {
    edgesOf.get(rootOf(from))!.push([inPart[from]!, inPart[to]!, port]);
  }
  return [...members].map(([start, part]) => ({
    nodes: part.map((node) => nodes[node]!),
    edges: edgesOf.get(start)!,
  }));
}

function layered(nodes: Nodes, edges: Edges): Part {
  const forward = withoutCycles(nodes.length, edges);
  const layerOf = longestPaths(nodes.length, forward);
  const before = nodes.map((): number[] => []);
  const after = nodes.map((): number[] => []);
  const join = (from: number, to: number) => {
    after[from]!.push(to);
    before[to]!.push(from);
  };
  // A link over several columns goes through a point in each, shared by all links of its output.
  const longest = longestSplit(forward, layerOf);
  const chains = new Map<string, { source: number; port: string; points: number[] }>();
  const joined = new Set<string>();
  const carried: number[] = [];
  for (const [from, to, port] of forward) {
    const span = layerOf[to]! - layerOf[from]!;
    if (span > longest || (span === 1 && joined.has(`${from} ${to}`))) continue;
    if (span === 1) joined.add(`${from} ${to}`);
    const key = `${from} ${port}`;
    const known = chains.get(key) ?? { source: from, port, points: [] };
    if (span > 1) chains.set(key, known);
    const chain = known.points;
    for (let step = chain.length; step < span - 1; step += 1) {
      const point = layerOf.push(layerOf[from]! + step + 1) - 1;
      before.push([]);
      after.push([]);
      join(chain[step - 1] ?? from, point);
      chain.push(point);
      carried.push(0);
    }
    for (const point of chain.slice(0, span - 1)) carried[point - nodes.length]! += 1;
    join(span > 1 ? chain[span - 2]! : from, to);
  }
  const forPoints = (size: number) => new Array<number>(layerOf.length - nodes.length).fill(size);
  return {
    ids: nodes.map((node) => node.id),
    real: nodes.length,
    widths: [...nodes.map((node) => node.width), ...forPoints(0)],
    heights: [...nodes.map((node) => node.height), ...forPoints(LANE)],
    layerOf,
    before,
    after,
    carried,
    chains: [...chains.values()],
  };
}

/** The edges without those that close a circle: a document may hold one while it is edited. */
function withoutCycles(count: number, edges: Edges): Edges {
  const out = Array.from({ length: count }, (): Edge[] => []);
  for (const edge of edges) out[edge[0]]!.push(edge);
  const state = new Uint8Array(count); // 1: on the path, 2: done
  const kept: Edge[] = [];
  const visit = (start: number) => {
    const path: [node: number, next: number][] = [[start, 0]];
    state[start] = 1;
    for (let top = path.at(-1); top; top = path.at(-1)) {
      const edge = out[top[0]]![top[1]++];
      if (!edge) {
        state[top[0]] = 2;
        path.pop();
      } else if (state[edge[1]] !== 1) {
        kept.push(edge);
        if (state[edge[1]] === 0) {
          state[edge[1]] = 1;
          path.push([edge[1], 0]);
        }
      }
    }
  };
  const entered = new Set(edges.map(([, to]) => to));
  for (let node = 0; node < count; node += 1) if (!entered.has(node)) visit(node);
  for (let node = 0; node < count; node += 1) if (state[node] === 0) visit(node);
  return kept;
}

/**
 * The column of each node: right of all that it takes from, and close to what it is for unless that
 * makes the links to it longer in all.
 */
function longestPaths(count: number, edges: Edges): number[] {
  const layerOf = new Array<number>(count).fill(0);
  const waits = new Array<number>(count).fill(0);
  const out = Array.from({ length: count }, (): number[] => []);
  for (const [from, to] of edges) {
    out[from]!.push(to);
    waits[to]! += 1;
  }
  const taken = [...waits];
  const order = waits.flatMap((left, node) => (left === 0 ? [node] : []));
  for (let at = 0; at < order.length; at += 1) {
    for (const to of out[order[at]!]!) {
      layerOf[to] = Math.max(layerOf[to]!, layerOf[order[at]!]! + 1);
      if (--waits[to]! === 0) order.push(to);
    }
  }
  for (const node of order.reverse()) {
    const to = out[node]!;
    if (to.length === 0 || to.length < taken[node]!) continue;
    layerOf[node] = to.reduce((least, one) => Math.min(least, layerOf[one]!), Infinity) - 1;
  }
  return layerOf;
}

/** Points of long links that are worth their time, for each node. */
const POINTS = 4;

/** Over how many columns a link may go to be split, so that there are not too many points. */
function longestSplit(edges: Edges, layerOf: readonly number[]): number {
  const spans = new Map<number, number>();
  for (const [from, to] of edges) {
    spans.set(from, Math.max(spans.get(from) ?? 0, layerOf[to]! - layerOf[from]!));
  }
  const sorted = [...spans.values()].sort((a, b) => a - b);
  let left = POINTS * layerOf.length + 100;
  for (const span of sorted) {
    left -= span - 1;
    if (left < 0) return span - 1;
  }
  return Infinity;
}

// -- heights -------------------------------------------------------------------------------------

/** Over all columns, from one side and from the other: by what is linked on that side. */
const ROUGH = 4;
/** And by all that is linked: each of these brings the sum of squares nearer to the least. */
const FINE = 4;
/** How much less it counts that a long link is level where it comes to a node than that a short one is. */
const LOOSE = 0.2;
/** The height that a long link takes among the nodes that it passes. */
const LANE = 24;
/** Between a long link and what it passes; no more than between nodes. */
const LANE_GAP = 16;

function placed(part: Part, layers: readonly number[][], columnGap: number, rowGap: number) {
  const xs = new Array<number>(part.layerOf.length).fill(0);
  const columns = layers.map((layer) => Math.max(...layer.map((node) => part.widths[node]!)));
  let x = 0;
  layers.forEach((layer, at) => {
    for (const node of layer) xs[node] = x;
    x += columns[at]! + columnGap;
  });
  const ys = levelled(part, layers, rowGap);
  const top = ys.reduce((least, y) => Math.min(least, y), Infinity);
  const height = ys.reduce((most, y, node) => Math.max(most, y - top + part.heights[node]!), 0);
  return { xs, ys: ys.map((y) => y - top), columns, width: x - columnGap, height };
}

/** Tops of nodes, as level as possible with those that they are linked with, nothing overlapping. */
function levelled(part: Part, layers: readonly number[][], rowGap: number): number[] {
  const ys = new Array<number>(part.layerOf.length).fill(0);
  for (const layer of layers) level(layer, part, rowGap, ys, () => ({ y: 0, weight: 1 }));
  const all = part.before.map((before, node) => [...before, ...part.after[node]!]);
  for (let sweep = 0; sweep < ROUGH + FINE; sweep += 1) {
    const down = sweep % 2 === 0;
    const sides = sweep >= ROUGH ? all : down ? part.before : part.after;
    for (const layer of down ? layers : [...layers].reverse())
      level(layer, part, rowGap, ys, (node) => wish(node, sides[node]!, part, ys));
  }
  return ys;
}

/** Where a node wants to be, and how much: with each link that it has it gives way less. */
interface Wish {
  readonly y: number;
  readonly weight: number;
}

function wish(node: number, sides: readonly number[], part: Part, ys: readonly number[]): Wish {
  let [sum, weight] = [0, 0];
  for (const one of sides) {
    const counts = worth(node, one, part);
    sum += counts * ys[one]!;
    weight += counts;
  }
  return weight ? { y: sum / weight, weight } : { y: ys[node]!, weight: LOOSE };
}

/** How much it counts that two are level. How long links come to a node only makes graphs high. */
function worth(one: number, other: number, { real, layerOf, carried }: Part): number {
  if (one < real === other < real) return 1;
  const [node, point] = [Math.min(one, other), Math.max(one, other)];
  // Where they begin, all that go one way together.
  return LOOSE * (layerOf[point]! > layerOf[node]! ? carried[point - real]! : 1);
}

/**
 * Put the nodes of a column where they want to be, as near as their order and distance allow: least
 * squares, by pooling neighbours that want to pass each other.
 */
function level(
  layer: readonly number[],
  part: Part,
  rowGap: number,
  ys: number[],
  wished: (node: number) => Wish,
): void {
  const blocks: { sum: number; weight: number; count: number }[] = [];
  const offsets: number[] = [];
  let offset = 0;
  for (const [at, node] of layer.entries()) {
    offsets.push(offset);
    const { y, weight } = wished(node);
    let block = { sum: (y - offset) * weight, weight, count: 1 };
    for (
      let last = blocks.at(-1);
      last && last.sum / last.weight >= block.sum / block.weight;
      last = blocks.at(-1)
    ) {
      block = {
        sum: last.sum + block.sum,
        weight: last.weight + block.weight,
        count: last.count + block.count,
      };
      blocks.pop();
    }
    blocks.push(block);
    const passed = node >= part.real || (layer[at + 1] ?? 0) >= part.real;
    offset += part.heights[node]! + (passed ? Math.min(LANE_GAP, rowGap) : rowGap);
  }
  let at = 0;
  for (const { sum, weight, count } of blocks) {
    for (const end = at + count; at < end; at += 1) ys[layer[at]!] = sum / weight + offsets[at]!;
  }
}
