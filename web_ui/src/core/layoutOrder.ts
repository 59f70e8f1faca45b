/** The order of nodes within the columns of a layout: few links cross each other. */

import type { Part } from './layout';

const SWEEPS = 8;

/** The nodes of each layer from top to bottom; of all orders that were tried that with least crossings. */
export function orderLayers(part: Part): number[][] {
  let layers = firstOrder(part);
  const place = new Array<number>(part.layerOf.length);
  let best = layers;
  let least = crossings(part, layers, place);
  for (let sweep = 0; sweep < SWEEPS && least > 0; sweep += 1) {
    layers = swept(part, layers, place, sweep % 2 === 0);
    const count = crossings(part, layers, place);
    if (count < least) [best, least] = [layers, count];
  }
  return best;
}

/** Depth first, so that what belongs together begins together. */
function firstOrder({ layerOf, before, after }: Part): number[][] {
  let last = 0;
  for (const layer of layerOf) last = Math.max(last, layer);
  const layers = Array.from({ length: last + 1 }, (): number[] => []);
  const seen = new Uint8Array(layerOf.length);
  for (let start = 0; start < layerOf.length; start += 1) {
    if (before[start]!.length) continue;
    const stack = [start];
    while (stack.length) {
      const node = stack.pop()!;
      if (seen[node]) continue;
      seen[node] = 1;
      layers[layerOf[node]!]!.push(node);
      for (let at = after[node]!.length - 1; at >= 0; at -= 1) stack.push(after[node]![at]!);
    }
  }
  // What is reached by no path from a source, which a link that was not split can bring about.
  layerOf.forEach((layer, node) => seen[node] || layers[layer]!.push(node));
  return layers;
}

/** Each layer by the mean place of its neighbours in the layer that was ordered before it. */
function swept(part: Part, layers: readonly number[][], place: number[], down: boolean) {
  const made = layers.map((layer) => [...layer]);
  const sides = down ? part.before : part.after;
  const wanted = new Array<number>(place.length);
  for (const layer of down ? made : [...made].reverse()) {
    layer.forEach((node, at) => {
      const side = sides[node]!;
      let sum = 0;
      for (const other of side) sum += place[other]!;
      wanted[node] = side.length ? sum / side.length : at;
    });
    // Equal ones keep their order: sorting is stable.
    layer.sort((a, b) => wanted[a]! - wanted[b]!);
    layer.forEach((node, at) => (place[node] = at));
  }
  return made;
}

/** How many pairs of links cross, and where each node stands, which goes into `place`. */
function crossings(part: Part, layers: readonly number[][], place: number[]): number {
  for (const layer of layers) layer.forEach((node, at) => (place[node] = at));
  let count = 0;
  for (const layer of layers.slice(0, -1)) {
    const ends: number[] = [];
    for (const node of layer) {
      const targets = part.after[node]!.map((to) => place[to]!);
      ends.push(...targets.sort((a, b) => a - b));
    }
    count += inversions(ends);
  }
  return count;
}

/** Pairs that stand in the wrong order, by a Fenwick tree: n log n. */
function inversions(values: readonly number[]): number {
  const size = values.reduce((most, value) => Math.max(most, value), 0) + 1;
  const tree = new Int32Array(size + 1);
  let count = 0;
  values.forEach((value, seen) => {
    let notAbove = 0;
    for (let at = value + 1; at > 0; at -= at & -at) notAbove += tree[at]!;
    count += seen - notAbove;
    for (let at = value + 1; at <= size; at += at & -at) tree[at]! += 1;
  });
  return count;
}
