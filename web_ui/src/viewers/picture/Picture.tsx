import { useEffect, useRef, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { assetUrl } from '@/api/client';
import type { File } from '../kinds';
import { Bar, Gap, Sentence } from '../parts';
import { Layer, PixelGrid } from './Layer';
import css from './Picture.module.css';
import { hexOf, pixelOf } from './pixels';
import { useZoom } from './useZoom';
import { pixelAt, type Point, type Size } from './view';
import { ZoomTools } from './ZoomTools';

interface Pixel extends Point {
  value: Uint8ClampedArray;
}

/** A picture: all of it, as it is, or pixel by pixel. */
export default function Picture({ file, title }: { file: File; title: string }) {
  const { t } = useTranslation('viewers');
  const [size, setSize] = useState<Size | null>(null);
  const [failed, setFailed] = useState(false);
  const [pixel, setPixel] = useState<Pixel | null>(null);
  const image = useRef<HTMLImageElement>(null);
  const frame = useRef<HTMLDivElement>(null);
  const zoom = useZoom(frame, size);
  const waiting = useRef(0);
  useEffect(() => () => cancelAnimationFrame(waiting.current), []);
  const read = (event: { clientX: number; clientY: number }): void => {
    const at = pixelAt(zoom.view, zoom.point(event));
    cancelAnimationFrame(waiting.current);
    waiting.current = requestAnimationFrame(() => {
      const [x, y] = [Math.floor(at.x), Math.floor(at.y)];
      const inside = size && x >= 0 && y >= 0 && x < size.width && y < size.height;
      const value = inside && image.current ? pixelOf(image.current, x, y) : null;
      setPixel(value && { x, y, value });
    });
  };
  if (failed) return <Sentence>{t('picture.broken')}</Sentence>;
  return (
    <div className={css.viewer}>
      <div
        ref={frame}
        className={css.frame}
        role="group"
        aria-label={t('picture.label', { title })}
        aria-busy={!size}
        tabIndex={0}
        data-viewer="picture"
        data-panning={zoom.panning || undefined}
        data-reading={zoom.view.zoom > 8 || undefined}
        {...zoom.handlers}
        onPointerMove={(event) => {
          zoom.handlers.onPointerMove(event);
          if (!zoom.panning) read(event);
        }}
        onPointerLeave={() => {
          cancelAnimationFrame(waiting.current);
          setPixel(null);
        }}
      >
        <Layer
          src={assetUrl(file.asset)}
          alt={title}
          view={zoom.view}
          size={size}
          onSize={(found, element) => {
            image.current = element;
            setSize(found);
          }}
          onError={() => setFailed(true)}
        />
        {size && <PixelGrid view={zoom.view} size={size} window={zoom.window} />}
        {!size && <Sentence>{t('loading')}</Sentence>}
      </div>
      <Bar label={t('tools')}>
        <span className={css.pixel} data-testid="pixel">
          {pixel ? (
            <>
              <span className={css.swatch} style={{ background: hexOf(pixel.value) }} />
              <span>{`${pixel.x}, ${pixel.y}`}</span>
              <span>{hexOf(pixel.value)}</span>
              <span>{Array.from(pixel.value).join(' ')}</span>
            </>
          ) : (
            size && <span>{`${size.width} × ${size.height}`}</span>
          )}
        </span>
        <Gap />
        <ZoomTools zoom={zoom} />
      </Bar>
    </div>
  );
}
