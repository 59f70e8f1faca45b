/** The colour of single pixels of a picture that is shown. */

let canvas: CanvasRenderingContext2D | null = null;

/** Red, green, blue and alpha, 0 to 255, as the screen gets them; null where there is none. */
export function pixelOf(image: CanvasImageSource, x: number, y: number): Uint8ClampedArray | null {
  if (!canvas) {
    const made = document.createElement('canvas');
    made.width = made.height = 1;
    canvas = made.getContext('2d', { willReadFrequently: true });
  }
  if (!canvas) return null;
  canvas.clearRect(0, 0, 1, 1);
  try {
    canvas.drawImage(image, x, y, 1, 1, 0, 0, 1, 1);
    return canvas.getImageData(0, 0, 1, 1).data;
  } catch {
    return null;
  }
}

export const hexOf = (pixel: ArrayLike<number>): string =>
  `#${Array.from({ length: pixel[3] === 255 ? 3 : 4 }, (_, at) => pixel[at]!.toString(16).padStart(2, '0')).join('')}`;
