import { describe, expect, it } from 'vitest';
import { FOOT, GRID, HEADER, nodeGeometry, ROW } from './geometry';
import { GraphTypes } from './ports';
import { project } from './project';
import { apply, type Command } from './commands';
import { CATALOGUE } from './testing/catalogue';
import { BEGINNING } from './testing/commands';

const geometries = [...CATALOGUE.types.keys(), 'lost.node'].flatMap((type) =>
  [
    undefined,
    { x: 0, y: 0, width: 333 },
    { x: 0, y: 0, collapsed: true },
    { x: 0, y: 0, advanced: true },
  ].flatMap((layout) =>
    [true, false].map((ends) => {
      const node = { type, values: { text: 'a', names: ['a'] } };
      const ports = new GraphTypes({ musegraph: 1, nodes: { n: node } }, CATALOGUE, '').portsOf(
        'n',
      );
      return [
        `${type} ${JSON.stringify(layout)} ${ends}`,
        nodeGeometry({ ports, node, layout, ends }),
        ports,
      ] as const;
    }),
  ),
);

describe('D2: the geometry of a node', () => {
  it.each(geometries)(
    '%s: rows, fold, preview and notice do not overlap and stay inside',
    (_name, made) => {
      const parts = [made.notice, ...made.rows, made.fold, made.preview].filter(
        (one) => one !== null,
      );
      let y = HEADER;
      for (const part of parts) {
        expect(part.y).toBeGreaterThanOrEqual(y);
        expect(part.height).toBeGreaterThanOrEqual(ROW);
        y = part.y + part.height;
      }
      expect(made.height).toBeGreaterThanOrEqual(parts.length ? y + FOOT - GRID / 2 : HEADER);
    },
  );

  it.each(geometries)('%s: is on the grid, in whole pixels', (_name, made) => {
    expect(made.height % GRID).toBe(0);
    for (const one of [...made.rows, ...made.inputs, ...made.outputs])
      expect(Number.isInteger(one.y)).toBe(true);
  });

  it.each(geometries)('%s: has a handle for each port, none on another', (_name, made, ports) => {
    const away = made.fold && !made.fold.open ? made.fold.names : [];
    expect([...away, ...made.inputs.map((one) => one.port.name)].toSorted()).toEqual(
      ports.inputs.map((one) => one.name).toSorted(),
    );
    expect(made.outputs.map((one) => one.port)).toEqual(ports.outputs);
    if (!made.rows.length) return;
    for (const side of [made.inputs, made.outputs]) {
      const places = side.map((one) => one.y).toSorted((a, b) => a - b);
      for (const [place, y] of places.entries())
        if (place) expect(y - places[place - 1]!).toBeGreaterThanOrEqual(ROW);
    }
  });
});

describe('G8: what is drawn', () => {
  const first = project(BEGINNING, CATALOGUE, '');
  const changed = (command: Command) => {
    const next = project(apply(BEGINNING, command), CATALOGUE, '', first);
    return {
      nodes: [...next.views].filter(([id, view]) => first.views.get(id) !== view).map(([id]) => id),
      segments: next.segments.filter((one) => !first.segments.includes(one)).map((one) => one.id),
      next,
    };
  };

  it('is the same object for every node and link that a move does not concern', () => {
    const { nodes, segments, next } = changed({
      do: 'move',
      graph: '',
      to: { grid: { x: 1, y: 1 } },
    });
    expect([nodes, segments]).toEqual([['grid'], []]);
    expect(next.segments).toBe(first.segments);
    expect(next.views.get('grid')!.geometry).toBe(first.views.get('grid')!.geometry);
  });

  it('is another only at the node whose value is set, and at those that an input sets', () => {
    const value: Command = { do: 'setValue', graph: '', node: 'soft', port: 'mask', value: 1 };
    expect(changed(value).nodes).toEqual(['soft']);
    const input: Command = { do: 'setInput', graph: '', name: 'radius', input: { default: 5 } };
    expect(changed(input).nodes).toEqual(['soft', 'again']);
  });

  it('is another at the ends of a link that is cut', () => {
    const { nodes, segments } = changed({ do: 'disconnect', graph: '', to: 'again.image' });
    expect(nodes).toEqual(['again']);
    expect(segments).toEqual([]);
  });
});
