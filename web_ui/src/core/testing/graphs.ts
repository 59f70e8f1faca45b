import type { LayoutGraph } from '../layout';

/** Numbers from 0 to 1 that are the same each time (Lehmer, modulus 2^31 − 1). */
export function randomNumbers(seed: number): () => number {
  let state = seed + 1;
  return () => (state = (state * 48271) % 2147483647) / 2147483647;
}

/** A graph without circles, each link no further than `near` nodes; the same for the same seed. */
export function randomGraph(nodes: number, edges: number, near: number, seed: number): LayoutGraph {
  const random = randomNumbers(seed);
  const whole = (below: number) => Math.floor(random() * below);
  return {
    nodes: Array.from({ length: nodes }, (_, at) => ({
      id: `n${at}`,
      width: 160 + whole(40) * 8,
      height: 56 + whole(40) * 8,
    })),
    edges: Array.from({ length: edges }, () => {
      const source = whole(nodes - 1);
      const target = Math.min(nodes - 1, source + 1 + whole(near));
      return { source: `n${source}`, target: `n${target}` };
    }),
  };
}
