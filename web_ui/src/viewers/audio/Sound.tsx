import { Volume2 } from 'lucide-react';
import { useRef, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { assetUrl } from '@/api/client';
import type { File } from '../kinds';
import { Bar, Gap, Sentence } from '../parts';
import { Controls } from '../playing/Controls';
import css from '../playing/playing.module.css';
import { ticks, timeText } from '../playing/time';
import { Track } from '../playing/Track';
import { useMedia } from '../playing/transport';
import { usePeaks } from './peaks';
import { Wave } from './Wave';

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
