import { Music } from 'lucide-react';
import css from '../Thumb.module.css';
import { pathOf, rangeOf } from './roll';
import { colourOf, useRoll } from './useRoll';

/** The notes of a score, small: time to the right, pitch upwards, a colour for each track. */
export function Notes({ asset }: { asset: string }) {
  const { data } = useRoll(asset);
  if (!data)
    return (
      <span className={css.icon}>
        <Music size={20} strokeWidth={1.5} aria-hidden />
      </span>
    );
  const range = rangeOf(data);
  return (
    <svg
      className={css.notes}
      viewBox={`0 0 ${Math.max(data.seconds, 1e-3)} ${range.high - range.low + 1}`}
      preserveAspectRatio="none"
      data-notes
      aria-hidden
    >
      {data.tracks.map((track, at) => (
        <path key={at} d={pathOf(track.notes, range)} fill={colourOf(at)} />
      ))}
    </svg>
  );
}
