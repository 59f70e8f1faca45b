// @vitest-environment happy-dom
import { inflateSync } from 'node:zlib';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { crc32, encodeGrey, greyOf } from './png';
import { nextSize, readSettings } from './settings';
import { change, feather, fillPolygon, flood, rectangle } from './shapes';
import { coverage, Stroke } from './stroke';
import type { Edit } from './tiles';
import { EditHistory, newMask, TILE, type Mask } from './tiles';

const at = (mask: Mask, x: number, y: number): number => mask.data[y * mask.width + x]!;

const stroke = (mask: Mask, points: [number, number][], radius: number, value = 255): Edit => {
  const made = new Stroke(mask, value, 1);
  for (const [x, y] of points) made.to({ x, y, radius });
  return made.edit;
};

describe('strokes (M6)', () => {
  it('cover what they pass, also between two places that are told', () => {
    const mask = newMask(300, 40);
    stroke(mask, [[10, 20], [290, 20]], 5); // prettier-ignore
    for (const x of [10, 77, 150, 251, 290]) expect(at(mask, x, 20)).toBe(255);
    expect(at(mask, 150, 30)).toBe(0);
  });

  it('may leave the picture and come back', () => {
    const mask = newMask(50, 50);
    stroke(mask, [[25, 25], [900, -400], [900, 900], [25, 49], [-60, 49]], 4); // prettier-ignore
    expect(at(mask, 25, 25)).toBe(255);
    expect(at(mask, 0, 49)).toBe(255);
    expect(at(mask, 25, 10)).toBe(0);
  });

  it('keep a soft rim soft, however often they pass', () => {
    const mask = newMask(60, 60);
    const soft = new Stroke(mask, 255, 0);
    soft.to({ x: 30, y: 30, radius: 20 });
    const once = mask.data.slice();
    for (let again = 0; again < 5; again++) soft.to({ x: 30, y: 30, radius: 20 });
    expect(mask.data).toEqual(once);
    expect(at(mask, 40, 30)).toBeGreaterThan(40);
    expect(at(mask, 40, 30)).toBeLessThan(215);
  });

  it('erase', () => {
    const mask = newMask(40, 40);
    change(mask, () => 255);
    stroke(mask, [[20, 20]], 6, 0); // prettier-ignore
    expect(at(mask, 20, 20)).toBe(0);
    expect(at(mask, 2, 2)).toBe(255);
  });

  it('fall from the hard part to the rim, without a step', () => {
    expect(coverage(0, 10, 0.5)).toBe(1);
    expect(coverage(5, 10, 0.5)).toBe(1);
    expect(coverage(7.5, 10, 0.5)).toBeCloseTo(0.5);
    expect(coverage(10.5, 10, 0.5)).toBe(0);
  });
});

describe('undo by tiles (M6)', () => {
  it('takes back and makes again any strokes, byte for byte', () => {
    const point = fc.tuple(fc.integer({ min: -40, max: 340 }), fc.integer({ min: -40, max: 240 }));
    const strokes = fc.array(
      fc.record({
        points: fc.array(point, { minLength: 1, maxLength: 4 }),
        radius: fc.double({ min: 0.5, max: 60, noNaN: true }),
        value: fc.constantFrom(0, 255),
      }),
      { minLength: 1, maxLength: 6 },
    );
    fc.assert(
      fc.property(strokes, (all) => {
        const mask = newMask(300, 200);
        const history = new EditHistory();
        const states = [mask.data.slice()];
        for (const { points, radius, value } of all) {
          const edit = stroke(mask, points as [number, number][], radius, value);
          history.add(edit);
          if (edit.box) states.push(mask.data.slice());
        }
        for (let back = states.length - 2; back >= 0; back--) {
          history.undo();
          expect(mask.data).toEqual(states[back]);
        }
        expect(history.canUndo).toBe(false);
        while (history.canRedo) history.redo();
        expect(mask.data).toEqual(states.at(-1));
      }),
      { numRuns: 25 },
    );
  });

  it('keeps the tiles that were touched, and no others', () => {
    const mask = newMask(TILE * 8, TILE * 8);
    expect(stroke(mask, [[TILE * 1.5, TILE * 1.5]], 20).bytes).toBe(TILE * TILE); // prettier-ignore
  });

  it('forgets the oldest once they take too much, never the last', () => {
    const mask = newMask(TILE * 4, TILE);
    const history = new EditHistory(TILE * TILE * 2);
    for (let x = 0; x < 4; x++)
      history.add(stroke(mask, [[TILE * (x + 0.5), 60]], 10)); // prettier-ignore
    let count = 0;
    while (history.undo()) count++;
    expect(count).toBe(2);
  });
});

describe('areas (M6)', () => {
  it('fill a rectangle exactly, in any direction', () => {
    const mask = newMask(20, 20);
    fillPolygon(mask, rectangle({ x: 12, y: 15 }, { x: 4, y: 5 }), 255);
    expect(mask.data.reduce((sum, one) => sum + one, 0)).toBe(8 * 10 * 255);
    expect([at(mask, 4, 5), at(mask, 11, 14), at(mask, 12, 14)]).toEqual([255, 255, 0]);
  });

  it('fill half pixels half', () => {
    const mask = newMask(10, 10);
    fillPolygon(mask, rectangle({ x: 2.5, y: 2 }, { x: 6, y: 6.5 }), 255);
    expect(at(mask, 2, 3)).toBe(128);
    expect(at(mask, 4, 6)).toBe(128);
  });

  it('flood up to what was painted round, soft rims included', () => {
    const mask = newMask(80, 80);
    stroke(mask, [[20, 20], [60, 20], [60, 60], [20, 60], [20, 20]], 4); // prettier-ignore
    const edit = flood(mask, 40, 40, 255);
    expect(at(mask, 40, 40)).toBe(255);
    expect(at(mask, 5, 5)).toBe(0);
    edit.swap();
    expect(at(mask, 40, 40)).toBe(0);
  });

  it('feather evenly: the sum stays, the edge is soft, and it can be taken back', () => {
    const mask = newMask(64, 64);
    fillPolygon(mask, rectangle({ x: 24, y: 24 }, { x: 40, y: 40 }), 255);
    const before = mask.data.slice();
    const edit = feather(mask, 8);
    const sum = (data: Uint8Array): number => data.reduce((all, one) => all + one, 0);
    expect(Math.abs(sum(mask.data) / sum(before) - 1)).toBeLessThan(0.02);
    expect(at(mask, 24, 32)).toBeGreaterThan(80);
    expect(at(mask, 24, 32)).toBeLessThan(190);
    edit.swap();
    expect(mask.data).toEqual(before);
  });
});

describe('the file of a mask (M6)', () => {
  it('is a PNG of one channel that holds the bytes as they are', async () => {
    const data = Uint8Array.from({ length: 12 }, (_, index) => index * 20);
    const png = await encodeGrey(4, 3, data);
    const view = new DataView(png.buffer);
    expect([view.getUint32(16), view.getUint32(20), png[24], png[25]]).toEqual([4, 3, 8, 0]);
    const length = view.getUint32(33);
    const rows = inflateSync(png.subarray(41, 41 + length));
    expect(rows.length).toBe(15);
    expect([...rows.subarray(5, 10)]).toEqual([0, 80, 100, 120, 140]);
    expect(view.getUint32(41 + length)).toBe(crc32(png.subarray(37, 41 + length)));
  });

  it('is read as the server reads it: transparency if there is any, else brightness', () => {
    expect([...greyOf(Uint8ClampedArray.of(255, 255, 255, 255, 0, 0, 0, 255))]).toEqual([255, 0]);
    expect([...greyOf(Uint8ClampedArray.of(9, 9, 9, 255, 0, 0, 0, 40))]).toEqual([255, 40]);
  });
});

describe('what a painter likes (M6)', () => {
  it('is remembered as far as it makes sense', () => {
    const read = readSettings('{"size": 9e9, "hardness": "x", "tool": "lasso", "colour": "mud"}');
    expect(read).toMatchObject({ size: 800, hardness: 0.9, tool: 'lasso', colour: 'red' });
    expect(readSettings('nonsense')).toEqual(readSettings(null));
  });

  it('goes up and down in sizes that can be told apart', () => {
    expect([nextSize(1, false), nextSize(1, true), nextSize(100, true)]).toEqual([1, 2, 115]);
    expect(nextSize(800, true)).toBe(800);
  });
});
