import { describe, expect, it } from 'vitest';
import { layoutGraph, type LayoutGraph, type Point } from './layout';
import { randomGraph } from './testing/graphs';

const node = (id: string, width = 240, height = 120) => ({ id, width, height });

/** `a-b b-c` as a graph of nodes of one size. */
function graph(text: string, ...alone: string[]): LayoutGraph {
  const edges = text.split(' ').map((edge) => {
    const [source, target] = edge.split('-') as [string, string];
    return { source, target };
  });
  const ids = new Set([...edges.flatMap(({ source, target }) => [source, target]), ...alone]);
  return { nodes: [...ids].map((id) => node(id)), edges };
}

function overlaps({ nodes }: LayoutGraph, places: Map<string, Point>): string[] {
  const boxes = nodes.map(({ id, width, height }) => ({ id, width, height, ...places.get(id)! }));
  return boxes.flatMap((a, at) =>
    boxes
      .slice(at + 1)
      .filter((b) => a.x < b.x + b.width && b.x < a.x + a.width)
      .filter((b) => a.y < b.y + b.height && b.y < a.y + a.height)
      .map((b) => `${a.id} ${b.id}`),
  );
}

function leftwards({ nodes, edges }: LayoutGraph, places: Map<string, Point>) {
  const widths = new Map(nodes.map(({ id, width }) => [id, width]));
  return edges.filter(
    ({ source, target }) => places.get(source)!.x + widths.get(source)! >= places.get(target)!.x,
  );
}

/** Pairs of links between two neighbouring columns that cross, by the tops of their nodes. */
function crossings({ edges }: LayoutGraph, places: Map<string, Point>): number {
  const lines = edges.map((edge) => [places.get(edge.source)!, places.get(edge.target)!] as const);
  let count = 0;
  lines.forEach(([a, b], at) => {
    for (const [c, d] of lines.slice(at + 1)) {
      if (a.x === c.x && b.x === d.x && (a.y - c.y) * (b.y - d.y) < 0) count += 1;
    }
  });
  return count;
}

describe('automatic layout', () => {
  it.each([
    ['a small graph', randomGraph(12, 16, 4, 1)],
    ['a graph of many parts', randomGraph(60, 30, 5, 2)],
    ['a dense graph', randomGraph(80, 400, 80, 3)],
    ['a deep graph', randomGraph(200, 300, 3, 4)],
    ['a thousand nodes', randomGraph(1000, 1500, 30, 5)],
    ['a hub', { nodes: randomGraph(80, 0, 1, 6).nodes, edges: hub(80) }],
  ])('places %s without overlaps, links rightwards, on the grid', (_, given) => {
    const { places } = layoutGraph(given);
    expect([...places.keys()].sort()).toEqual(given.nodes.map(({ id }) => id).sort());
    expect(overlaps(given, places)).toEqual([]);
    expect(leftwards(given, places)).toEqual([]);
    for (const { x, y } of places.values()) {
      expect(Number.isInteger(x / 8) && Number.isInteger(y / 8)).toBe(true);
      expect(Math.min(x, y)).toBeGreaterThanOrEqual(0);
    }
  });

  it('gives equal graphs equal places', () => {
    const given = randomGraph(150, 220, 12, 7);
    expect(layoutGraph(structuredClone(given))).toEqual(layoutGraph(given));
  });

  it('puts a chain in one row', () => {
    const { places } = layoutGraph(graph('a-b b-c c-d'));
    expect([...places.values()].map(({ y }) => y)).toEqual([0, 0, 0, 0]);
    expect([...places.values()].map(({ x }) => x)).toEqual([0, 320, 640, 960]);
  });

  it.each([
    'a-x b-y c-z a-y',
    'a-q b-p c-r d-p d-s',
    'r-a r-b r-c a-1 a-2 b-3 b-4 c-5 c-6',
    '6-c 5-c 4-b 3-b 2-a 1-a c-r b-r a-r',
  ])('draws %s without a crossing, which is possible', (text) => {
    const given = graph(text);
    expect(crossings(given, layoutGraph(given).places)).toBe(0);
  });

  it('puts what takes from nothing close to what it is for', () => {
    const { places } = layoutGraph(graph('a-b b-c c-d late-d'));
    expect(places.get('late')!.x).toBe(places.get('c')!.x);
  });

  it('lifts what a long link comes to up to what it stands beside, as Decode beside Sample', () => {
    // As in the template text to image: Decode takes the latent, and the VAE from far away.
    const given = {
      nodes: [
        node('load', 240, 168),
        node('positive', 240, 192),
        node('negative', 240, 192),
        node('size', 240, 144),
        node('sample', 240, 440),
        node('decode', 240, 272),
      ],
      edges: [
        ...['positive', 'negative', 'size'].flatMap((one) => [
          { source: 'load', sourcePort: 'model', target: one },
          { source: one, target: 'sample' },
        ]),
        { source: 'load', sourcePort: 'model', target: 'sample' },
        { source: 'load', sourcePort: 'vae', target: 'decode' },
        { source: 'sample', target: 'decode' },
      ],
    };
    const { places } = layoutGraph(given);
    const [sample, decode] = [places.get('sample')!, places.get('decode')!];
    expect(Math.abs(decode.y - sample.y)).toBeLessThan(100);
    const bottoms = given.nodes.map(({ id, height }) => places.get(id)!.y + height);
    expect(Math.max(...bottoms)).toBeLessThan(720);
  });

  it('keeps the distances that it is told', () => {
    const { places } = layoutGraph(graph('a-c b-c'), { columnGap: 160, rowGap: 80 });
    expect(places.get('c')!.x).toBe(240 + 160);
    expect(places.get('b')!.y - places.get('a')!.y).toBe(120 + 80);
  });

  it('places what no link joins in rows of a screen’s shape', () => {
    const nodes = Array.from({ length: 40 }, (_, at) => node(`n${at}`));
    const places = [...layoutGraph({ nodes, edges: [] }).places.values()];
    const width = Math.max(...places.map(({ x }) => x + 240));
    const height = Math.max(...places.map(({ y }) => y + 120));
    expect(width / height).toBeGreaterThan(1);
    expect(width / height).toBeLessThan(2.5);
  });

  it('places a graph that goes in a circle, which a document may while it is edited', () => {
    const given = graph('a-b b-c c-a c-d d-d', 'e');
    const { places } = layoutGraph(given);
    expect(places.size).toBe(5);
    expect(overlaps(given, places)).toEqual([]);
  });

  it('does not mind links that stand twice or lead to nodes that are not there', () => {
    const { nodes, edges } = graph('a-b');
    const more = [
      ...edges,
      ...edges,
      { source: 'a', target: 'gone' },
      { source: 'x', target: 'b' },
    ];
    expect(layoutGraph({ nodes, edges: more })).toEqual(layoutGraph({ nodes, edges }));
  });

  it('places nothing', () => expect(layoutGraph({ nodes: [], edges: [] }).places.size).toBe(0));
});

/** Links from the first node to all others, which form a chain among themselves. */
function hub(count: number): LayoutGraph['edges'] {
  return Array.from({ length: count - 1 }, (_, at) => [
    { source: 'n0', target: `n${at + 1}` },
    ...(at ? [{ source: `n${at}`, target: `n${at + 1}` }] : []),
  ]).flat();
}
