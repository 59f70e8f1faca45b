import { describe, expect, it } from 'vitest';
import {
  actual,
  fit,
  keepInside,
  limitZoom,
  pinch,
  pixelAt,
  wheelFactor,
  zoomAt,
  type View,
} from './view';

const WINDOW = { width: 800, height: 600 };
const PICTURE = { width: 400, height: 100 };

describe('a view of a picture (M1)', () => {
  it('keeps what is below the pointer there, at any zoom', () => {
    let view: View = fit(WINDOW, PICTURE);
    const point = { x: 123, y: 456 };
    const before = pixelAt(view, point);
    for (const factor of [1.3, 8, 0.01, 40, 0.5]) {
      view = zoomAt(view, point, limitZoom(view.zoom * factor, WINDOW, PICTURE));
      expect(pixelAt(view, point).x).toBeCloseTo(before.x, 6);
      expect(pixelAt(view, point).y).toBeCloseTo(before.y, 6);
    }
  });

  it('fits all of it, in the middle', () => {
    const view = fit(WINDOW, PICTURE, 0);
    expect(view.zoom).toBe(2);
    expect([view.x, view.y]).toEqual([0, 200]);
    expect(actual(WINDOW, PICTURE)).toEqual({ zoom: 1, x: 200, y: 250 });
  });

  it('does not blow up a picture of a few pixels beyond what can be made out', () => {
    expect(fit(WINDOW, { width: 4, height: 4 }).zoom).toBe(8);
  });

  it('never loses the picture out of the window', () => {
    const far = keepInside({ zoom: 1, x: -5000, y: 9000 }, WINDOW, PICTURE);
    expect(far.x + PICTURE.width).toBe(48);
    expect(far.y).toBe(600 - 48);
  });

  it('stays between its least and its most zoom', () => {
    expect(limitZoom(1e9, WINDOW, PICTURE)).toBe(64);
    expect(limitZoom(1e-9, WINDOW, PICTURE)).toBeCloseTo(16 / 400);
  });

  it('moves and zooms with two fingers: what is between them stays between them', () => {
    const view: View = { zoom: 1, x: 10, y: 20 };
    const from = [
      { x: 100, y: 100 },
      { x: 200, y: 100 },
    ];
    const to = [
      { x: 150, y: 200 },
      { x: 350, y: 200 },
    ];
    const made = pinch(view, from, to);
    expect(made.zoom).toBe(2);
    expect(pixelAt(made, { x: 250, y: 200 })).toEqual(pixelAt(view, { x: 150, y: 100 }));
  });

  it('zooms alike by lines and by pixels, and in by turning away', () => {
    const turn = { deltaMode: 0, ctrlKey: false };
    expect(wheelFactor({ ...turn, deltaY: -120 })).toBeGreaterThan(1);
    expect(wheelFactor({ ...turn, deltaY: 48 })).toBe(
      wheelFactor({ deltaY: 3, deltaMode: 1, ctrlKey: false }),
    );
    const back = wheelFactor({ ...turn, deltaY: 60 }) * wheelFactor({ ...turn, deltaY: -60 });
    expect(back).toBeCloseTo(1);
  });
});
