import { describe, expect, it } from 'vitest';
import { columnsOf, pathOf } from '../audio/wave';
import { frameLength } from '../video/frames';
import { regionOf, ticks, timeText, turn } from './time';

describe('times (M3, M4, M5)', () => {
  it('are written to a tenth, with hours where the whole has them', () => {
    expect([0, 59.99, 60, 75.25].map((one) => timeText(one))).toEqual([
      '0:00.0',
      '0:59.9',
      '1:00.0',
      '1:15.2',
    ]);
    expect(timeText(61, 7200)).toBe('0:01:01.0');
    expect(timeText(NaN)).toBe('0:00.0');
  });

  it('make a part in either direction, inside the whole, unless it is too short', () => {
    expect(regionOf(5, 2, 4)).toEqual({ start: 2, end: 4 });
    expect(regionOf(1, 1.001, 4)).toBeNull();
  });

  it('go back to the beginning of the part at its end', () => {
    expect(turn(2.9, { start: 1, end: 3 }, 10)).toBeNull();
    expect(turn(3, { start: 1, end: 3 }, 10)).toBe(1);
    expect(turn(10, null, 10)).toBe(0);
  });

  it('are marked at round places that do not touch', () => {
    expect(ticks(10, 500)).toEqual([0, 2, 4, 6, 8]);
    expect(ticks(3600, 1000).length).toBeLessThan(12);
    expect(ticks(0, 1000)).toEqual([]);
  });
});

describe('the outline of a sound (M4)', () => {
  const outline = { minima: [-0.1, -0.8, 0, -0.2], maxima: [0.2, 0.4, 0.9, 0] };

  it('takes parts together where there are more than columns', () => {
    expect(columnsOf(outline, 2)).toEqual([
      { low: -0.8, high: 0.4 },
      { low: -0.2, high: 0.9 },
    ]);
  });

  it('repeats parts where there are fewer', () => {
    expect(columnsOf(outline, 8).map(({ high }) => high)).toEqual([
      0.2, 0.2, 0.4, 0.4, 0.9, 0.9, 0, 0,
    ]);
  });

  it('is a closed line, thin where there is silence', () => {
    expect(pathOf({ minima: [0], maxima: [0] }, 2, 100)).toBe('M0,49.3L1,49.3L1,50.7L0,50.7Z');
    expect(pathOf({ minima: [], maxima: [] }, 2, 100)).toBe('');
  });
});

describe('how long a picture of a film stands (M3)', () => {
  it('is learnt from those that were shown, though some were left out', () => {
    const shown = [0, 1, 2, 4, 5, 6, 9, 10].map((one) => one / 24 + 0.0004 * (one % 2));
    expect(frameLength(shown)).toBeCloseTo(1 / 24, 5);
    expect(frameLength([0, 0.04])).toBeNull();
  });
});
