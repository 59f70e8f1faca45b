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

describe('links of an automatic layout', () => {
  it('go through a bend where they would pass behind a node, and through none where they do not', () => {
    const { reroutes, routes, rects } = laidOut(edges);
    expect(Object.keys(routes)).toEqual(['last.d']);
    expect(Object.values(reroutes).map(({ source }) => source)).toEqual(['load.other']);
    const { x, y } = Object.values(reroutes)[0]!;
    for (const rect of rects.values()) {
      const inside =
        x + 16 > rect.x && x < rect.x + WIDTH && y + 16 > rect.y && y < rect.y + HEIGHT;
      expect(inside).toBe(false);
    }
  });

  it('share the bends of one output, and go on from bend to bend', () => {
    const chain = ['a', 'b', 'c', 'd'].flatMap((id, at, all) =>
      edgesInto(id, { type: 'x', links: { a: at ? `${all[at - 1]!}.out` : 'load.out' } }),
    );
    const far = edgesInto('d', { type: 'x', links: { model: 'load.model' } });
    const near = edgesInto('c', { type: 'x', links: { model: 'load.model' } });
    const { reroutes, routes } = laidOut([...chain, ...far, ...near]);
    expect(reroutes).toMatchObject({
      bend_1: { source: 'load.model' },
      bend_2: { source: 'reroute:bend_1' },
      bend_3: { source: 'reroute:bend_2' },
    });
    expect(routes).toEqual({ 'd.model': 'bend_3', 'c.model': 'bend_2' });
  });

  it('are straight in a row', () => {
    expect(laidOut(edgesInto('b', { type: 'x', links: { a: 'a.out' } })).routes).toEqual({});
  });

  it('get names that no bend has', () => {
    const fresh = freshBends({ bend_1: {}, bend_3: {} });
    expect([fresh(), fresh()]).toEqual(['bend_2', 'bend_4']);
  });
});
