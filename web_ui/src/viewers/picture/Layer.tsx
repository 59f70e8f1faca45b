import { useEffect, useRef } from 'react';
import css from './Picture.module.css';
import { GRID_ZOOM, SHARP_ZOOM, type Size, type View } from './view';

interface Props {
  src: string;
  alt: string;
  view: View;
  size: Size | null;
  onSize?(size: Size, element: HTMLImageElement): void;
  onError?(): void;
}

/** A picture where a view puts it; its transparency shows a board of squares. */
export function Layer({ src, alt, view, size, onSize, onError }: Props) {
  const image = useRef<HTMLImageElement>(null);
  const place = size && {
    width: size.width * view.zoom,
    height: size.height * view.zoom,
    transform: `translate(${view.x}px, ${view.y}px)`,
  };
  return (
    <div
      className={css.layer}
      style={place ?? { visibility: 'hidden' }}
      data-sharp={view.zoom >= SHARP_ZOOM || undefined}
    >
      <img
        ref={image}
        src={src}
        alt={alt}
        decoding="async"
        draggable={false}
        onLoad={({ currentTarget: { naturalWidth: width, naturalHeight: height } }) =>
          onSize?.({ width, height }, image.current!)
        }
        onError={onError}
      />
    </div>
  );
}

/** Lines between the pixels, where they are large enough for it. */
export function PixelGrid({ view, size, window }: { view: View; size: Size; window: Size }) {
  const canvas = useRef<HTMLCanvasElement>(null);
  const shown = view.zoom > GRID_ZOOM;
  useEffect(() => {
    const element = canvas.current;
    if (!element || !shown) return;
    const scale = devicePixelRatio;
    element.width = window.width * scale;
    element.height = window.height * scale;
    const context = element.getContext('2d')!;
    context.scale(scale, scale);
    context.strokeStyle = getComputedStyle(element).color;
    context.lineWidth = 1 / scale;
    context.beginPath();
    const { zoom, x, y } = view;
    const first = (at: number): number => Math.max(0, Math.ceil(-at / zoom));
    const last = (at: number, room: number, most: number): number =>
      Math.min(most, Math.floor((room - at) / zoom));
    const bottom = Math.min(window.height, y + size.height * zoom);
    const right = Math.min(window.width, x + size.width * zoom);
    for (let column = first(x); column <= last(x, window.width, size.width); column++) {
      context.moveTo(x + column * zoom, Math.max(0, y));
      context.lineTo(x + column * zoom, bottom);
    }
    for (let row = first(y); row <= last(y, window.height, size.height); row++) {
      context.moveTo(Math.max(0, x), y + row * zoom);
      context.lineTo(right, y + row * zoom);
    }
    context.stroke();
  }, [view, size, window, shown]);
  return shown ? <canvas ref={canvas} className={css.grid} aria-hidden data-testid="grid" /> : null;
}
