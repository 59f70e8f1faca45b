import { useEffect, useRef } from 'react';
import { useSettings } from '@/state/settings';
import type { Peaks } from './peaks';
import { columnsOf } from './wave';

interface WaveProps {
  peaks: Peaks;
  dim?: boolean;
  /** Share of the width that is drawn; all of it by default. */
  played?: number;
  onWidth?(width: number): void;
}

/** The outline of each channel, one below the other. */
export function Wave({ peaks, dim, played = 1, onWidth }: WaveProps) {
  const canvas = useRef<HTMLCanvasElement>(null);
  const theme = useSettings((settings) => settings.theme);
  const told = useRef(onWidth);
  useEffect(() => {
    const element = canvas.current!;
    const draw = (): void => {
      told.current?.(element.clientWidth);
      drawWave(element, peaks);
    };
    const watch = new ResizeObserver(draw);
    watch.observe(element);
    return () => watch.disconnect();
  }, [peaks, theme]);
  return (
    <canvas
      ref={canvas}
      aria-hidden
      data-dim={dim}
      style={played < 1 ? { clipPath: `inset(0 ${(1 - played) * 100}% 0 0)` } : undefined}
    />
  );
}

function drawWave(canvas: HTMLCanvasElement, peaks: Peaks): void {
  const scale = devicePixelRatio;
  const [width, height] = [canvas.clientWidth, canvas.clientHeight];
  canvas.width = width * scale;
  canvas.height = height * scale;
  const context = canvas.getContext('2d')!;
  context.scale(scale, scale);
  context.fillStyle = getComputedStyle(canvas).color;
  const channels = peaks.minima.length;
  const tall = height / channels;
  peaks.minima.forEach((minima, channel) => {
    const middle = tall * (channel + 0.5);
    const reach = tall * 0.46;
    // Bars of two pixels with one between: an outline that reads well at any density.
    const columns = columnsOf({ minima, maxima: peaks.maxima[channel]! }, Math.floor(width / 3));
    columns.forEach(({ low, high }, at) => {
      const top = middle - high * reach;
      context.fillRect(at * 3, Math.min(top, middle - 0.5), 2, Math.max(1, (high - low) * reach));
    });
  });
}
