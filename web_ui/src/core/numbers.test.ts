import { describe, expect, it } from 'vitest';
import type { Bounds, NumberReason, Pace } from './numbers';
import { increment, readNumber, readWithin, scrub, within } from './numbers';

describe('what is typed into a number field (S4)', () => {
  it.each([
    ['12', 12],
    [' -3.5 ', -3.5],
    ['1e3', 1000],
    ['1E-2', 0.01],
    ['.5', 0.5],
    ['5.', 5],
    ['+7', 7],
    ['1024/2', 512],
    ['2*(3+1)', 8],
    ['2 + 3 * 4 - 1', 13],
    ['10 / 4 / 5', 0.5],
    ['8 - 3 - 2', 3],
    ['-(2 + 3)', -5],
    ['--4', 4],
    ['2^10', 1024],
    ['2**3**2', 512],
    ['-2**2', -4],
    ['2**-1', 0.5],
    ['pi', Math.PI],
    ['180*π/π', 180],
    ['0.1+0.2', 0.3],
    ['0.1*3', 0.3],
    ['1.1*1.1', 1.21],
    ['0.3-0.1', 0.2],
    ['1/3', 1 / 3],
    ['0.30000000000000004', 0.30000000000000004],
    ['2^53-1', 9007199254740991],
    ['１０２４／２', 512],
    ['（3＋1）×2', 8],
    ['9÷3−1', 2],
  ])('%s is %d', (text, value) => expect(readNumber(text)).toEqual({ value }));

  it.each<[string, NumberReason]>([
    ['', 'number.empty'],
    ['  ', 'number.empty'],
    ['1,5', 'number.comma'],
    ['1，5', 'number.comma'],
    ['1,024', 'number.comma'],
    ['abc', 'number.syntax'],
    ['1 2', 'number.syntax'],
    ['1.2.3', 'number.syntax'],
    ['2*', 'number.syntax'],
    ['*2', 'number.syntax'],
    ['(1', 'number.syntax'],
    ['1)', 'number.syntax'],
    ['()', 'number.syntax'],
    ['0x10', 'number.syntax'],
    ['NaN', 'number.syntax'],
    ['Infinity', 'number.syntax'],
    ['alert(1)', 'number.syntax'],
    ['('.repeat(400), 'number.syntax'],
    ['-'.repeat(400) + '1', 'number.syntax'],
    ['1'.repeat(501), 'number.syntax'],
    ['1/0', 'number.range'],
    ['0/0', 'number.range'],
    ['1e999', 'number.range'],
    ['10^400', 'number.range'],
    ['(-8)^0.5', 'number.range'],
  ])('%j is refused: %s', (text, key) => expect(readNumber(text).why?.key).toBe(key));
});

describe('bounds', () => {
  it.each<[number, Bounds, number]>([
    [5, {}, 5],
    [5, { minimum: 0, maximum: 3 }, 3],
    [-5, { minimum: 0, maximum: 3 }, 0],
    [2.5, { integer: true }, 3],
    [-0.4, { integer: true }, 0],
    [1e300, { integer: true }, Number.MAX_SAFE_INTEGER],
    [0.5, { integer: true, minimum: 1 }, 1],
    [500, { integer: true, multipleOf: 8 }, 504],
    [500, { integer: true, multipleOf: 8, maximum: 500 }, 496],
    [3, { integer: true, multipleOf: 8, minimum: 3 }, 8],
    [0.123, { multipleOf: 0.05 }, 0.1],
    [0.29, { multipleOf: 0.1 }, 0.3],
    [0.7, { multipleOf: 0.1, minimum: 0.7 }, 0.7],
    [5, { multipleOf: 0.1, maximum: 0.3 }, 0.3],
    [1.5e-7, { multipleOf: 1e-7 }, 2e-7],
    [0, { exclusiveMinimum: 0, maximum: 1 }, 0.01],
    [1, { minimum: 0, exclusiveMaximum: 1 }, 0.99],
    [-3, { integer: true, exclusiveMinimum: 0 }, 1],
    [9, { integer: true, exclusiveMaximum: 8 }, 7],
    [1, { multipleOf: 0.1, exclusiveMaximum: 0.3 }, 0.2],
    [0.30000000000000004, { minimum: 0, maximum: 1 }, 0.30000000000000004],
  ])('bring %d within %o to %d', (value, bounds, expected) => {
    expect(within(value, bounds)).toBe(expected);
    expect(within(expected, bounds)).toBe(expected);
  });

  it('are kept by what is typed, and it is said if that changed it', () => {
    const bounds = { integer: true, minimum: 64, maximum: 2048, multipleOf: 8 };
    expect(readWithin('1024/2', bounds)).toEqual({ value: 512, kept: true });
    expect(readWithin('5000', bounds)).toEqual({ value: 2048, kept: false });
    expect(readWithin('1,5', bounds).why?.key).toBe('number.comma');
  });
});

describe('dragging (S4)', () => {
  it.each<[Bounds, number, number]>([
    [{ integer: true }, 20, 1],
    [{ multipleOf: 8 }, 512, 8],
    [{ minimum: 0, maximum: 1 }, 0.5, 0.01],
    [{ minimum: 0, maximum: 30 }, 7, 0.1],
    [{ minimum: 0 }, 7.5, 0.1],
    [{}, 0, 0.1],
    [{}, 40, 1],
    [{}, 0.02, 0.001],
  ])('moves within %o at %d by %d', (bounds, value, expected) => {
    expect(increment(bounds, value)).toBe(expected);
  });

  it.each<[number, number, Bounds, Pace, number]>([
    [0.5, 1, { minimum: 0, maximum: 1 }, {}, 0.51],
    [0.5, -7, { minimum: 0, maximum: 1 }, {}, 0.43],
    [0.1, 20, { minimum: 0, maximum: 1 }, {}, 0.3],
    [0.5, 1, { minimum: 0, maximum: 1 }, { fine: true }, 0.501],
    [0.5, 1, { minimum: 0, maximum: 1 }, { coarse: true }, 0.6],
    [0.5, 900, { minimum: 0, maximum: 1 }, {}, 1],
    [0.5, -900, { minimum: 0, maximum: 1 }, {}, 0],
    [20, 3, { integer: true }, {}, 23],
    [20, 3, { integer: true }, { coarse: true }, 50],
    [20, 3, { integer: true }, { fine: true }, 20],
    [20, 10, { integer: true }, { fine: true }, 21],
    [512, 1, { integer: true, multipleOf: 8 }, {}, 520],
    [512, -1, { integer: true, multipleOf: 8 }, { coarse: true }, 432],
    [0.123, 1, { minimum: 0, maximum: 30 }, {}, 0.223],
    [0, 3, {}, {}, 0.3],
  ])('takes %d by %d steps within %o and %o to %d', (start, steps, bounds, pace, expected) => {
    expect(scrub(start, steps, bounds, pace)).toBe(expected);
  });

  it('leaves no dust however often it is moved', () => {
    let value = 0;
    for (let step = 0; step < 70; step += 1) value = scrub(value, 1, { minimum: 0, maximum: 1 });
    expect(value).toBe(0.7);
  });
});
