import { Volume2 } from 'lucide-react';
import { useEffect, useRef, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { assetUrl } from '@/api/client';
import { useSettings } from '@/state/settings';
import type { File } from '../kinds';
import { Bar, Gap, Sentence } from '../parts';
import { Controls } from '../playing/Controls';
import css from '../playing/playing.module.css';
import { ticks, timeText } from '../playing/time';
import { Track } from '../playing/Track';
import { useMedia } from '../playing/transport';
import { usePeaks, type Peaks } from './peaks';
import { columnsOf } from './wave';

const BINS = 4096;

/** A sound: its outline, and the browser's own player, which reads only what it plays. */
export default function Sound({ file, title }: { file: File; title: string }) {
  const { t } = useTranslation('viewers');
  const audio = useRef<HTMLAudioElement>(null);
  const transport = useMedia(audio);
  const { data, error } = usePeaks(file.asset, BINS);
  const [failed, setFailed] = useState(false);
  const [volume, setVolume] = useState(1);
  const [width, setWidth] = useState(0);
  const { time, duration } = transport;
  return (
    <div className={css.viewer} data-viewer="sound">
      <audio
        ref={audio}
        src={assetUrl(file.asset)}
        preload="metadata"
        aria-label={title}
        onError={() => setFailed(true)}
      />
      <div className={css.sound}>
        {failed ? (
          <Sentence>{t('sound.broken')}</Sentence>
        ) : (
          <Track transport={transport} label={t('sound.track', { title })} tall>
            <div className={css.wave}>
              {data && <Wave peaks={data} dim onWidth={setWidth} />}
              {data && <Wave peaks={data} played={duration ? time / duration : 0} />}
              <div className={css.ruler} aria-hidden>
                {ticks(duration, width || 800).map((at) => (
                  <span key={at} style={{ left: `${(at / duration) * 100}%` }}>
                    {timeText(at, duration)}
                  </span>
                ))}
              </div>
            </div>
          </Track>
        )}
        {error && !failed && <p className={css.hint}>{t('sound.noOutline')}</p>}
      </div>
      <Bar label={t('tools')}>
        <Controls transport={transport} />
        <Gap />
        {data && (
          <span>{t('sound.about', { rate: data.sample_rate, count: data.minima.length })}</span>
        )}
        <Volume2 size={16} aria-hidden />
        <input
          className={css.volume}
          type="range"
          min={0}
          max={1}
          step={0.01}
          value={volume}
          aria-label={t('sound.volume')}
          onChange={(event) => {
            const to = event.target.valueAsNumber;
            audio.current!.volume = to;
            setVolume(to);
          }}
        />
      </Bar>
    </div>
  );
}

interface WaveProps {
  peaks: Peaks;
  dim?: boolean;
  /** Share of the width that is drawn; all of it by default. */
  played?: number;
  onWidth?(width: number): void;
}

/** The outline of each channel, one below the other. */
function Wave({ peaks, dim, played = 1, onWidth }: WaveProps) {
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
