/** Where a picture stands in a window: `screen = offset + pixel * zoom`. */

export interface View {
  zoom: number;
  x: number;
  y: number;
}

export interface Size {
  width: number;
  height: number;
}

export interface Point {
  x: number;
  y: number;
}

export const MOST_ZOOM = 64;

/** From here on a pixel is a square: nearest neighbour, and lines between pixels. */
export const SHARP_ZOOM = 2;
export const GRID_ZOOM = 8;

/** How far out one may go: a picture is never smaller than 16 pixels, nor than half its fit. */
const leastZoom = (window: Size, picture: Size): number =>
  Math.min(0.5 * fitZoom(window, picture), 16 / Math.max(picture.width, picture.height), 1);

/** The zoom at which all of a picture is seen; small ones are not made larger than `most`. */
export const fitZoom = (window: Size, picture: Size, most = Infinity): number =>
  Math.min(
    window.width / Math.max(1, picture.width),
    window.height / Math.max(1, picture.height),
    most,
  );

const centred = (window: Size, picture: Size, zoom: number): View => ({
  zoom,
  x: (window.width - picture.width * zoom) / 2,
  y: (window.height - picture.height * zoom) / 2,
});

/** All of the picture, in the middle; with a margin, and at most eight times as large as it is. */
export const fit = (window: Size, picture: Size, margin = 24): View => {
  const inner = {
    width: Math.max(1, window.width - 2 * margin),
    height: Math.max(1, window.height - 2 * margin),
  };
  return centred(window, picture, fitZoom(inner, picture, 8));
};

export const actual = (window: Size, picture: Size): View => centred(window, picture, 1);

/** The pixel below a point of the window. */
export const pixelAt = (view: View, point: Point): Point => ({
  x: (point.x - view.x) / view.zoom,
  y: (point.y - view.y) / view.zoom,
});

/** Another zoom, with what is at a point staying there. */
export function zoomAt(view: View, point: Point, zoom: number): View {
  const pixel = pixelAt(view, point);
  return { zoom, x: point.x - pixel.x * zoom, y: point.y - pixel.y * zoom };
}

export const limitZoom = (zoom: number, window: Size, picture: Size): number =>
  Math.min(MOST_ZOOM, Math.max(leastZoom(window, picture), zoom));

/** Never so far off that nothing is left to take hold of. */
export function keepInside(view: View, window: Size, picture: Size, left = 48): View {
  const width = picture.width * view.zoom;
  const height = picture.height * view.zoom;
  const clamp = (at: number, room: number, size: number): number =>
    Math.min(room - Math.min(left, size), Math.max(Math.min(left, size) - size, at));
  return {
    zoom: view.zoom,
    x: clamp(view.x, window.width, width),
    y: clamp(view.y, window.height, height),
  };
}

/** Two fingers: what was below their middle stays below it. */
export function pinch(view: View, from: readonly Point[], to: readonly Point[]): View {
  const span = ([a, b]: readonly Point[]): number => Math.hypot(a!.x - b!.x, a!.y - b!.y);
  const middle = ([a, b]: readonly Point[]): Point => ({
    x: (a!.x + b!.x) / 2,
    y: (a!.y + b!.y) / 2,
  });
  const zoom = view.zoom * (span(to) / Math.max(1, span(from)));
  const pixel = pixelAt(view, middle(from));
  const there = middle(to);
  return { zoom, x: there.x - pixel.x * zoom, y: there.y - pixel.y * zoom };
}

/** How much a turn of the wheel zooms, alike for mice (steps) and touchpads (many small ones). */
export const wheelFactor = (event: {
  deltaY: number;
  deltaMode: number;
  ctrlKey: boolean;
}): number => {
  const unit = event.deltaMode === 1 ? 16 : event.deltaMode === 2 ? 400 : 1;
  const turned = Math.max(-240, Math.min(240, event.deltaY * unit));
  return Math.exp(-turned * (event.ctrlKey && Math.abs(turned) < 50 ? 0.01 : 0.002));
};
