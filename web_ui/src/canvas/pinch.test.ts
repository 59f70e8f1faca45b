import { describe, expect, it } from 'vitest';
import { isTrackpad, pinched, type Point } from './pinch';
import { MAX_ZOOM, MIN_ZOOM } from './viewport';

const VIEW = { x: 40, y: -20, zoom: 0.8 };
const two = (ax: number, ay: number, bx: number, by: number): readonly [Point, Point] => [
  { x: ax, y: ay },
  { x: bx, y: by },
];

describe('two fingers', () => {
  it('that move alike move the view as far', () => {
    expect(pinched(VIEW, two(0, 0, 100, 0), two(30, 10, 130, 10))).toEqual({
      x: 70,
      y: -10,
      zoom: 0.8,
    });
  });

  it('that part keep what is between them there', () => {
    const after = pinched(VIEW, two(100, 50, 200, 50), two(50, 50, 250, 50));
    expect(after.zoom).toBeCloseTo(1.6);
    expect((150 - after.x) / after.zoom).toBeCloseTo((150 - VIEW.x) / VIEW.zoom);
    expect((50 - after.y) / after.zoom).toBeCloseTo((50 - VIEW.y) / VIEW.zoom);
  });

  it('that turn leave the size', () => {
    expect(pinched(VIEW, two(0, 50, 100, 50), two(50, 0, 50, 100)).zoom).toBeCloseTo(0.8);
  });

  it('zoom no further than the canvas goes, nor from one point to nowhere', () => {
    expect(pinched(VIEW, two(0, 0, 1, 0), two(0, 0, 900, 0)).zoom).toBe(MAX_ZOOM);
    expect(pinched(VIEW, two(0, 0, 900, 0), two(5, 5, 5, 5)).zoom).toBe(MIN_ZOOM);
    expect(pinched(VIEW, two(5, 5, 5, 5), two(5, 5, 5, 5))).toEqual(VIEW);
  });
});

describe('S1: a trackpad is told from a wheel', () => {
  const turn = { deltaX: 0, deltaY: 0, deltaMode: 0, shiftKey: false };
  it.each([
    ['a notch of a wheel', { deltaY: 100 }, false],
    ['a notch the other way', { deltaY: -120 }, false],
    ['a wheel that counts in lines', { deltaY: 3, deltaMode: 1 }, false],
    ['a wheel with Shift, which goes sideways', { deltaX: 100, shiftKey: true }, false],
    ['slow fingers', { deltaY: 2 }, true],
    ['fractions of a pixel', { deltaY: -0.5 }, true],
    ['fingers that go sideways', { deltaX: -60, deltaY: 90 }, true],
  ])('%s', (_name, delta, told) => {
    expect(isTrackpad({ ...turn, ...delta })).toBe(told);
  });
});
