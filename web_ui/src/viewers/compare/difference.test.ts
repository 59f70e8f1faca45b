import { describe, expect, it } from 'vitest';
import { differ } from './difference';

const pixels = (...values: number[]): Uint8ClampedArray => Uint8ClampedArray.from(values);

describe('the difference of two pictures (M2)', () => {
  it('is nothing between equal ones', () => {
    const one = pixels(1, 2, 3, 255, 9, 9, 9, 255);
    const out = new Uint8ClampedArray(8);
    expect(differ(one, one, 8, out)).toEqual({ mean: 0, most: 0, share: 0 });
    expect([...out]).toEqual([0, 0, 0, 255, 0, 0, 0, 255]);
  });

  it('says how much, how far and how many, and is drawn amplified', () => {
    const out = new Uint8ClampedArray(8);
    const a = pixels(10, 20, 30, 255, 5, 5, 5, 255);
    const b = pixels(16, 20, 30, 255, 5, 5, 5, 255);
    expect(differ(a, b, 4, out)).toEqual({ mean: 1, most: 6, share: 0.5 });
    expect([...out.subarray(0, 4)]).toEqual([24, 0, 0, 255]);
    differ(a, b, 100, out);
    expect(out[0]).toBe(255);
  });

  it('sees transparency too, and may be drawn over one of the two', () => {
    const a = pixels(0, 0, 0, 255);
    const found = differ(a, pixels(0, 0, 0, 155), 1, a);
    expect(found).toMatchObject({ most: 100, share: 1 });
    expect([...a]).toEqual([100, 100, 100, 255]);
  });
});
