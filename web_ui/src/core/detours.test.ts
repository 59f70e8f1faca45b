import { describe, expect, it } from 'vitest';
import { detours, freshBends, type Ends } from './detours';
import { edgesInto, type Edge } from './document';
import type { Rect } from './geometry';
import { layoutGraph } from './layout';

const WIDTH = 240;
const HEIGHT = 120;
const PORT = 40;

/** Load, three nodes that each take from it and give to `last`, which takes from Load too. */
const edges: Edge[] = [
  ...['one', 'two', 'three'].flatMap((id) =>
    edgesInto(id, { type: 'x', links: { a: 'load.out' } }),
  ),
  ...edgesInto('last', {
    type: 'x',
    links: { a: 'one.out', b: 'two.out', c: 'three.out', d: 'load.other' },
  }),
];

const laidOut = (links: readonly Edge[]) => {
  const ids = [...new Set(links.flatMap(({ source, target }) => [source, target]))];
  const { places, lanes } = layoutGraph({
    nodes: ids.map((id) => ({ id, width: WIDTH, height: HEIGHT })),
    edges: links,
  });
  const rects = new Map<string, Rect>(
    [...places].map(([id, at]) => [id, { ...at, width: WIDTH, height: HEIGHT }]),
  );
  const ends = ({ source, target }: Edge): Ends => ({
    from: { x: places.get(source)!.x + WIDTH, y: places.get(source)!.y + PORT },
    to: { x: places.get(target)!.x, y: places.get(target)!.y + PORT },
  });
  const found = detours(
    links.map((edge) => ({ edge, ends: ends(edge) })),
    rects,
    lanes,
    freshBends(),
  );
  return { rects, ...found };
};

const out = (rects: ReadonlyMap<string, Rect>, id: string) => {
  const { x, y } = rects.get(id)!;
  return { x: x + WIDTH, y: y + PORT };
};
const into = (rects: ReadonlyMap<string, Rect>, id: string) => {
  const { x, y } = rects.get(id)!;
  return { x, y: y + PORT };
};

type At = { x: number; y: number };

/** Points of a piece of a link as it is drawn. */
const curve = (from: At, to: At): At[] =>
  Array.from({ length: 31 }, (_, step) => {
    const [t, s] = [(step + 1) / 32, 1 - (step + 1) / 32];
    const middle = (from.x + to.x) / 2;
    const [first, inner, last] = [s * s * s, 3 * s * t, t * t * t];
    return {
      x: first * from.x + inner * middle + last * to.x,
      y: first * from.y + inner * (s * from.y + t * to.y) + last * to.y,
    };
  });

const inside = ({ x, y }: At, rect: Rect): boolean =>
  x > rect.x && x < rect.x + WIDTH && y > rect.y && y < rect.y + HEIGHT;

describe('links of an automatic layout', () => {
  it('go through a bend where they would pass behind a node, and through none where they do not', () => {
    const { reroutes, routes, rects } = laidOut(edges);
    expect(Object.keys(routes)).toEqual(['last.d']);
    expect(Object.values(reroutes).map(({ source }) => source)).toEqual([
      'load.other',
      'reroute:bend_1',
    ]);
    const bends = Object.values(reroutes).map(({ x, y }) => ({ x: x + 8, y: y + 8 }));
    const ways = [out(rects, 'load'), ...bends, into(rects, 'last')];
    for (const [at, to] of ways.slice(1).entries())
      for (const point of curve(ways[at]!, to))
        for (const [id, rect] of rects) expect([id, inside(point, rect)]).toEqual([id, false]);
  });

  it('share the bends of one output, and go on from bend to bend', () => {
    const chain = ['a', 'b', 'c', 'd'].flatMap((id, at, all) =>
      edgesInto(id, { type: 'x', links: { a: at ? `${all[at - 1]!}.out` : 'load.out' } }),
    );
    const far = edgesInto('d', { type: 'x', links: { model: 'load.model' } });
    const near = edgesInto('c', { type: 'x', links: { model: 'load.model' } });
    const { reroutes, routes } = laidOut([...chain, ...far, ...near]);
    // The lane is level: both come into it at one place, and each leaves it before its node.
    expect(reroutes).toMatchObject({
      bend_1: { source: 'load.model' },
      bend_2: { source: 'reroute:bend_1' },
      bend_3: { source: 'reroute:bend_1' },
    });
    expect(routes).toEqual({ 'd.model': 'bend_2', 'c.model': 'bend_3' });
  });

  it('bend where their lane goes up or down between two columns', () => {
    const span = (x: number, y: number) => ({ from: { x, y }, to: { x: x + WIDTH, y } });
    const lane = (y: number) => ({
      source: 'a',
      sourcePort: 'out',
      spans: [span(300, 0), span(600, 16), span(900, y)],
    });
    const edge = edgesInto('z', { type: 'x', links: { a: 'a.out' } })[0]!;
    const ends = { from: { x: 200, y: 100 }, to: { x: 1200, y: 100 } };
    const rects = new Map([['m', { x: 600, y: 40, width: WIDTH, height: HEIGHT }]]);
    const bends = (y: number) =>
      Object.values(detours([{ edge, ends }], rects, [lane(y)], freshBends()).reroutes).map(
        (one) => [one.x + 8, one.y + 8],
      );
    expect(bends(24)).toEqual([
      [300, 0],
      [1140, 24],
    ]);
    expect(bends(200)).toEqual([
      [300, 0],
      [840, 16],
      [900, 200],
      [1140, 200],
    ]);
  });

  it('are straight in a row', () => {
    expect(laidOut(edgesInto('b', { type: 'x', links: { a: 'a.out' } })).routes).toEqual({});
  });

  it('get names that no bend has', () => {
    const fresh = freshBends({ bend_1: {}, bend_3: {} });
    expect([fresh(), fresh()]).toEqual(['bend_2', 'bend_4']);
  });
});
