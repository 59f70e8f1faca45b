import { useEffect, useRef, useState, type RefObject } from 'react';
import { useTranslation } from 'react-i18next';
import { assetUrl } from '@/api/client';
import type { File } from '../kinds';
import { Bar, Gap, Sentence } from '../parts';
import { Controls } from '../playing/Controls';
import css from '../playing/playing.module.css';
import { Track } from '../playing/Track';
import { useMedia } from '../playing/transport';
import { frameLength } from './frames';

/** A film: played by the browser, gone through picture by picture. */
export default function Film({ file, title }: { file: File; title: string }) {
  const { t } = useTranslation('viewers');
  const video = useRef<HTMLVideoElement>(null);
  const transport = useMedia(video);
  const frame = useFrameLength(video);
  const [failed, setFailed] = useState(false);
  const [size, setSize] = useState<string | null>(null);
  usePausedUnseen(video);
  const step = (by: number): void => {
    video.current!.pause();
    // To the middle of a picture: at its edge it may be either.
    const at = Math.floor(video.current!.currentTime / frame + 1e-3);
    transport.seek((at + by + 0.5) * frame);
  };
  return (
    <div className={css.viewer} data-viewer="film">
      <div className={css.screen}>
        <video
          ref={video}
          className={css.picture}
          src={assetUrl(file.asset)}
          preload="auto"
          playsInline
          hidden={failed}
          aria-label={title}
          onClick={transport.toggle}
          onError={() => setFailed(true)}
          onLoadedMetadata={({ currentTarget: { videoWidth, videoHeight } }) =>
            setSize(`${videoWidth} × ${videoHeight}`)
          }
        />
        {failed && <Sentence>{t('film.broken')}</Sentence>}
      </div>
      <Track transport={transport} label={t('film.track', { title })} />
      <Bar label={t('tools')}>
        <Controls transport={transport} onStep={step} />
        <Gap />
        {size && <span>{size}</span>}
        <span data-testid="rate">{t('film.rate', { rate: Math.round(100 / frame) / 100 })}</span>
      </Bar>
    </div>
  );
}

/** How long a picture stands, learnt from those that were shown; 1/25 s until then. */
function useFrameLength(video: RefObject<HTMLVideoElement | null>): number {
  const [length, setLength] = useState(1 / 25);
  useEffect(() => {
    const element = video.current;
    if (!element || !('requestVideoFrameCallback' in element)) return;
    const times: number[] = [];
    let id = element.requestVideoFrameCallback(function seen(_, { mediaTime }) {
      times.push(mediaTime);
      const found = frameLength(times.slice(-30));
      if (found) setLength(found);
      id = element.requestVideoFrameCallback(seen);
    });
    return () => element.cancelVideoFrameCallback(id);
  }, [video]);
  return length;
}

/** Whoever cannot see it does not hear it either. */
function usePausedUnseen(video: RefObject<HTMLVideoElement | null>): void {
  useEffect(() => {
    const element = video.current;
    if (!element) return;
    const watch = new IntersectionObserver(([entry]) => {
      if (entry && !entry.isIntersecting) element.pause();
    });
    watch.observe(element);
    const hidden = (): void => {
      if (document.hidden) element.pause();
    };
    document.addEventListener('visibilitychange', hidden);
    return () => {
      watch.disconnect();
      document.removeEventListener('visibilitychange', hidden);
    };
  }, [video]);
}
