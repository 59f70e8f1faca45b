import { useEffect, useState, type RefObject } from 'react';
import { differ, type Difference } from './difference';

/** Larger pictures are compared at this size: no screen shows more at once. */
const MOST_SIDE = 2048;
/** Rows that are compared before the page may do something else. */
const ROWS = 128;

const pause = (): Promise<void> => new Promise((resolve) => setTimeout(resolve));

/** The difference of two pictures, drawn in parts. */
export function useDifference(
  canvas: RefObject<HTMLCanvasElement | null>,
  shown: boolean,
  { a, b }: { a?: HTMLImageElement; b?: HTMLImageElement },
  gain: number,
): Difference | null {
  const [found, setFound] = useState<Difference | null>(null);
  useEffect(() => {
    const element = canvas.current;
    if (!shown || !a || !b || !element) return;
    let stopped = false;
    void draw(element, a, b, gain, () => stopped).then((made) => made && setFound(made));
    return () => {
      stopped = true;
    };
  }, [canvas, shown, a, b, gain]);
  return shown ? found : null;
}

async function draw(
  canvas: HTMLCanvasElement,
  a: HTMLImageElement,
  b: HTMLImageElement,
  gain: number,
  stopped: () => boolean,
): Promise<Difference | null> {
  const scale = Math.min(1, MOST_SIDE / Math.max(a.naturalWidth, a.naturalHeight));
  const width = Math.max(1, Math.round(a.naturalWidth * scale));
  const height = Math.max(1, Math.round(a.naturalHeight * scale));
  const [one, two] = [pixels(a, width, height), pixels(b, width, height)];
  canvas.width = width;
  canvas.height = height;
  const target = canvas.getContext('2d')!;
  const whole: Difference = { mean: 0, most: 0, share: 0 };
  for (let top = 0; top < height; top += ROWS) {
    await pause();
    if (stopped()) return null;
    const rows = Math.min(ROWS, height - top);
    const part = one.getImageData(0, top, width, rows);
    const found = differ(part.data, two.getImageData(0, top, width, rows).data, gain, part.data);
    target.putImageData(part, 0, top);
    whole.mean += (found.mean * rows) / height;
    whole.share += (found.share * rows) / height;
    whole.most = Math.max(whole.most, found.most);
  }
  return whole;
}

function pixels(image: HTMLImageElement, width: number, height: number) {
  const context = new OffscreenCanvas(width, height).getContext('2d', {
    willReadFrequently: true,
  })!;
  context.drawImage(image, 0, 0, width, height);
  return context;
}
