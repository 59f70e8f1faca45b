import { describe, expect, it } from 'vitest';
import { barStep, boxOf, countOf, isBlack, octaveOf, pathOf, rangeOf, type Roll } from './roll';

const roll = (...notes: [number, number, number, number][]): Roll => ({
  seconds: 8,
  tracks: [{ name: 'a', drums: false, notes }],
  bars: [0, 2, 4, 6],
  tempos: [],
});

describe('a piano roll', () => {
  it('shows whole octaves around what is played, and two at least', () => {
    expect(rangeOf(roll([0, 1, 60, 80]))).toEqual({ low: 48, high: 71 });
    expect(rangeOf(roll([0, 1, 35, 80], [0, 1, 84, 80]))).toEqual({ low: 24, high: 95 });
    expect(rangeOf(roll([0, 1, 0, 80]))).toEqual({ low: 0, high: 23 });
    expect(rangeOf(roll([0, 1, 127, 80]))).toEqual({ low: 108, high: 127 });
    expect(rangeOf(roll())).toEqual({ low: 48, high: 71 });
  });

  it('puts high notes above low ones, and draws those of no length', () => {
    const range = { low: 48, high: 71 };
    const low = boxOf([0, 2, 48, 80], range, 8, 800, 240);
    const high = boxOf([4, 0, 71, 80], range, 8, 800, 240);
    expect(low).toEqual({ x: 0, y: 230, width: 199.5, height: 9 });
    expect(high).toMatchObject({ x: 400, y: 0 });
    expect(high.width).toBeGreaterThan(1);
  });

  it('is drawn small as one path, a box for each note', () => {
    const path = pathOf(
      [
        [0, 2, 48, 80],
        [4, 0, 71, 80],
      ],
      { low: 48, high: 71 },
    );
    expect(path).toBe('M0.000 23h2.000v1h-2.000zM4.000 0h0.020v1h-0.020z');
  });

  it('names as many bars as there is room for', () => {
    expect(barStep(8, 800)).toBe(1);
    expect(barStep(64, 800)).toBe(4);
    expect(barStep(1000, 20)).toBe(1024);
  });

  it('knows keys and octaves', () => {
    expect([60, 61, 70, 71].map(isBlack)).toEqual([false, true, true, false]);
    expect(octaveOf(60)).toBe(4);
    expect(countOf(roll([0, 1, 1, 1], [1, 1, 2, 2]))).toBe(2);
  });
});
