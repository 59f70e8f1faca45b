import { useRef, useState, type KeyboardEvent, type PointerEvent, type ReactNode } from 'react';
import { useTranslation } from 'react-i18next';
import css from './playing.module.css';
import { regionOf, timeText } from './time';
import type { Transport } from './transport';

interface Props {
  transport: Transport;
  label: string;
  /** What lies below the line of time. */
  children?: ReactNode;
  tall?: boolean;
  /** A drag goes along the line, and with Shift chooses a part; else it chooses one. */
  scrub?: boolean;
}

/** How far a pointer moves before a press becomes a part that is chosen. */
const DRAG = 5;

/** A line of time: press to go there, drag to choose a part or to go along, arrow keys to move. */
export function Track({ transport, label, children, tall, scrub }: Props) {
  const { t } = useTranslation('viewers');
  const track = useRef<HTMLDivElement>(null);
  const from = useRef<{ x: number; time: number; along: boolean } | null>(null);
  const [drawn, setDrawn] = useState<{ a: number; b: number } | null>(null);
  const { time, duration, region } = transport;
  const timeAt = (event: PointerEvent): number => {
    const box = track.current!.getBoundingClientRect();
    return Math.min(1, Math.max(0, (event.clientX - box.left) / Math.max(1, box.width))) * duration;
  };
  const share = (at: number): string => `${duration ? (at / duration) * 100 : 0}%`;
  const shown = drawn ? regionOf(drawn.a, drawn.b, duration, 0) : region;
  const onKeyDown = (event: KeyboardEvent): void => {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const step = event.shiftKey ? 1 : Math.max(0.1, Math.min(5, duration / 50));
    if (event.key === 'ArrowLeft' || event.key === 'ArrowDown') transport.seek(time - step);
    else if (event.key === 'ArrowRight' || event.key === 'ArrowUp') transport.seek(time + step);
    else if (event.key === 'Home') transport.seek(region?.start ?? 0);
    else if (event.key === 'End') transport.seek(region?.end ?? duration);
    else return;
    event.preventDefault();
    event.stopPropagation();
  };
  return (
    <div
      ref={track}
      className={css.track}
      data-tall={tall || undefined}
      role="slider"
      tabIndex={0}
      aria-label={label}
      aria-valuemin={0}
      aria-valuemax={Math.round(duration * 1000) / 1000}
      aria-valuenow={Math.round(time * 1000) / 1000}
      aria-valuetext={t('play.at', {
        time: timeText(time, duration),
        whole: timeText(duration),
      })}
      onKeyDown={onKeyDown}
      onPointerDown={(event) => {
        if (event.button !== 0) return;
        event.currentTarget.setPointerCapture(event.pointerId);
        from.current = {
          x: event.clientX,
          time: timeAt(event),
          along: Boolean(scrub) && !event.shiftKey,
        };
        if (from.current.along) transport.seek(from.current.time);
      }}
      onPointerMove={(event) => {
        if (from.current?.along) transport.seek(timeAt(event));
        else if (from.current && Math.abs(event.clientX - from.current.x) > DRAG)
          setDrawn({ a: from.current.time, b: timeAt(event) });
      }}
      onPointerUp={(event) => {
        if (!from.current) return;
        if (from.current.along) {
          if (region && (time < region.start || time > region.end)) transport.setRegion(null);
          from.current = null;
          return;
        }
        const made = drawn && regionOf(from.current.time, timeAt(event), duration);
        if (made) transport.setRegion(made);
        else {
          if (region && (from.current.time < region.start || from.current.time > region.end))
            transport.setRegion(null);
          transport.seek(from.current.time);
        }
        if (made) transport.seek(made.start);
        from.current = null;
        setDrawn(null);
      }}
      onPointerCancel={() => {
        from.current = null;
        setDrawn(null);
      }}
    >
      {children ?? (
        <span className={css.rail}>
          <span style={{ width: share(time) }} />
        </span>
      )}
      {shown && (
        <span
          className={css.region}
          data-testid="region"
          style={{ left: share(shown.start), width: share(shown.end - shown.start) }}
        />
      )}
      <span className={css.head} style={{ left: share(time) }} />
    </div>
  );
}
