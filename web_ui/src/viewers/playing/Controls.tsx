import { Pause, Play, Repeat, SkipBack, StepBack, StepForward, X } from 'lucide-react';
import { useTranslation } from 'react-i18next';
import { useKeys } from '../keys';
import { IconButton, Line } from '../parts';
import { Select } from '@/ui/Select';
import css from './playing.module.css';
import { regionOf, timeText } from './time';
import { SPEEDS, type Transport } from './transport';

interface Props {
  transport: Transport;
  /** One picture on or back, where there are pictures. */
  onStep?(by: number): void;
}

/** Play, loop, part, speed; and their keys. */
export function Controls({ transport, onStep }: Props) {
  const { t } = useTranslation('viewers');
  const { playing, time, duration, loop, region, speed } = transport;
  const begin = (): void =>
    transport.setRegion(
      regionOf(time, region && region.end > time ? region.end : duration, duration),
    );
  const end = (): void =>
    transport.setRegion(regionOf(region && region.start < time ? region.start : 0, time, duration));
  useKeys((event) => {
    if (event.ctrlKey || event.metaKey || event.altKey) return false;
    if (event.key === ' ') transport.toggle();
    else if (event.key === ',' && onStep) onStep(-1);
    else if (event.key === '.' && onStep) onStep(1);
    else if (event.code === 'KeyL') transport.setLoop(!loop);
    else if (event.key === '[') begin();
    else if (event.key === ']') end();
    else if (event.key === 'Home') transport.seek(region?.start ?? 0);
    else if (event.key === 'Escape' && region) transport.setRegion(null);
    else return false;
    return true;
  });
  return (
    <>
      <IconButton
        icon={SkipBack}
        label={t('play.start')}
        keys="Home"
        onClick={() => transport.seek(region?.start ?? 0)}
      />
      <IconButton
        icon={playing ? Pause : Play}
        label={t(playing ? 'play.pause' : 'play.play')}
        keys="Space"
        onClick={transport.toggle}
      />
      {onStep && (
        <>
          <IconButton icon={StepBack} label={t('play.back')} keys="," onClick={() => onStep(-1)} />
          <IconButton icon={StepForward} label={t('play.on')} keys="." onClick={() => onStep(1)} />
        </>
      )}
      <span className={css.time} data-testid="time">
        {`${timeText(time, duration)} / ${timeText(duration)}`}
      </span>
      <Line />
      <IconButton
        icon={Repeat}
        label={t('play.loop')}
        keys="L"
        pressed={loop}
        onClick={() => transport.setLoop(!loop)}
      />
      <button type="button" className={css.mark} title={`${t('play.begin')} ([)`} onClick={begin}>
        {t('play.begin')}
      </button>
      <button type="button" className={css.mark} title={`${t('play.end')} (])`} onClick={end}>
        {t('play.end')}
      </button>
      {region && (
        <>
          <span>{`${timeText(region.start, duration)} – ${timeText(region.end, duration)}`}</span>
          <IconButton
            icon={X}
            label={t('play.whole')}
            keys="Esc"
            onClick={() => transport.setRegion(null)}
          />
        </>
      )}
      <Line />
      <Select
        className={css.speed}
        aria-label={t('play.speed')}
        value={speed}
        onChange={(event) => transport.setSpeed(Number(event.target.value))}
      >
        {SPEEDS.map((one) => (
          <option key={one} value={one}>
            {t('play.times', { speed: one })}
          </option>
        ))}
      </Select>
    </>
  );
}
