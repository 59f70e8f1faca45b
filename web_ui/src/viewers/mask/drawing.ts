import type { Colour } from './settings';
import type { Box, Mask } from './tiles';

/** A token of the theme as red, green and blue. */
function rgbOf(element: Element, token: string): [number, number, number] {
  const text = getComputedStyle(element).getPropertyValue(token).trim();
  const value = Number.parseInt(text.slice(1, 7), 16);
  return [(value >> 16) & 255, (value >> 8) & 255, value & 255];
}

/** Draw a part of a mask in its colour; what is out is clear. */
export function paintMask(canvas: HTMLCanvasElement, mask: Mask, box: Box, colour: Colour): void {
  const [red, green, blue] = rgbOf(canvas, `--tint-${colour}`);
  const wide = box.right - box.left;
  // Little-endian, as every machine that browsers run on: alpha is the highest byte.
  const tint = red | (green << 8) | (blue << 16);
  const pixels = new Uint32Array(wide * (box.bottom - box.top));
  let to = 0;
  for (let y = box.top; y < box.bottom; y++)
    for (let at = y * mask.width + box.left; at < y * mask.width + box.right; at++)
      pixels[to++] = tint | (mask.data[at]! << 24);
  const image = new ImageData(new Uint8ClampedArray(pixels.buffer), wide);
  canvas.getContext('2d')!.putImageData(image, box.left, box.top);
}
