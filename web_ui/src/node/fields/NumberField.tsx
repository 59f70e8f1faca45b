import { useEffect, useRef, useState, type KeyboardEvent, type RefObject } from 'react';
import { readWithin, scrub, tidy, within, type Bounds } from '@/core/numbers';
import { barOf, boundsOf } from './bounds';
import { Fault } from './Fault';
import css from './fields.module.css';
import { useLocal } from './local';
import { useScrub } from './scrub';
import type { FieldProps } from './types';

type Why = { key: string; args: object };

const shown = (value: unknown): string => (typeof value === 'number' ? String(tidy(value)) : '');

const paceOf = (event: { shiftKey: boolean; ctrlKey: boolean; metaKey: boolean }) => ({
  fine: event.shiftKey,
  coarse: event.ctrlKey || event.metaKey,
});

/** Ctrl+Enter is for the whole page: it runs what was typed. */
const runs = (event: KeyboardEvent): boolean =>
  event.key === 'Enter' && (event.ctrlKey || event.metaKey);

/** A number: dragged, stepped with keys or wheel, or typed, also as a sum. */
export function NumberField(props: FieldProps) {
  const { port, value, onChange, onDone, disabled, labelId, focused } = props;
  const bounds = boundsOf(port);
  const bar = barOf(bounds);
  const [local, setLocal] = useLocal<number>(value);
  const [editing, setEditing] = useState<Editing | null>(null);
  const rest = useRef<HTMLDivElement>(null);
  const returning = useRef(focused ?? false);
  const number = local ?? (typeof value === 'number' ? value : null);
  const start = number ?? within(0, bounds);

  useEffect(() => {
    if (editing !== null || !returning.current) return;
    returning.current = false;
    rest.current?.focus();
  }, [editing]);

  const set = (next: number): void => {
    if (next === value) return setLocal(null);
    setLocal(next);
    onChange(next);
  };
  const { handlers, cancel } = useScrub({
    value: start,
    bounds,
    range: bar && bar[1] - bar[0],
    disabled,
    onMove: setLocal,
    onEnd(next) {
      if (next === null) return setLocal(null);
      set(next);
      onDone();
    },
  });
  useWheel(rest, (steps, pace) => set(scrub(start, steps, bounds, pace)));

  if (editing !== null)
    return (
      <NumberInput
        {...props}
        {...editing}
        bounds={bounds}
        onSet={set}
        onClose={(back) => {
          returning.current = back;
          setEditing(null);
          onDone();
        }}
      />
    );
  const keyDown = (event: KeyboardEvent): void => {
    if (event.altKey || disabled || runs(event)) return;
    const next = stepped(event, start, bounds);
    const typed = event.key.length === 1 && event.key !== ' ' && !event.ctrlKey && !event.metaKey;
    if (next !== null) set(next);
    else if (event.key === 'Enter' || event.key === 'F2')
      setEditing({ initial: shown(number), whole: true });
    else if (typed || event.key === 'Process')
      setEditing({ initial: typed ? event.key : '', whole: false });
    else if (event.key === 'Backspace' || event.key === 'Delete')
      setEditing({ initial: '', whole: false });
    else if (!(event.key === 'Escape' && cancel())) return;
    event.preventDefault();
    event.stopPropagation();
  };
  return (
    <div
      ref={rest}
      role="spinbutton"
      tabIndex={disabled ? -1 : 0}
      className={`nodrag nokey ${css.number}`}
      aria-labelledby={labelId}
      aria-valuenow={number ?? undefined}
      aria-valuetext={shown(number) || undefined}
      aria-valuemin={bounds.minimum}
      aria-valuemax={bounds.maximum}
      aria-disabled={disabled || undefined}
      {...handlers}
      onDoubleClick={(event) => {
        event.stopPropagation();
        if (!disabled) setEditing({ initial: shown(number), whole: true });
      }}
      onKeyDown={keyDown}
      onBlur={onDone}
    >
      {bar && number !== null && <Bar at={number} ends={bar} />}
      <span className={css.digits}>{shown(number)}</span>
    </div>
  );
}

/** The number after a key; null if the key is none that steps. */
function stepped(event: KeyboardEvent, from: number, bounds: Bounds): number | null {
  switch (event.key) {
    case 'ArrowUp':
      return scrub(from, 1, bounds, paceOf(event));
    case 'ArrowDown':
      return scrub(from, -1, bounds, paceOf(event));
    case 'PageUp':
      return scrub(from, 1, bounds, { coarse: true });
    case 'PageDown':
      return scrub(from, -1, bounds, { coarse: true });
    case 'Home':
      return bounds.minimum ?? null;
    case 'End':
      return bounds.maximum ?? null;
    default:
      return null;
  }
}

/** How far a number is between its ends, from nought where that lies between them. */
function Bar({ at, ends: [low, high] }: { at: number; ends: [number, number] }) {
  const part = (value: number) => ((value - low) / (high - low)) * 100;
  const zero = part(Math.min(high, Math.max(low, 0)));
  const here = Math.min(100, Math.max(0, part(at)));
  return (
    <span
      className={css.bar}
      style={{ left: `${Math.min(zero, here)}%`, width: `${Math.abs(here - zero)}%` }}
    />
  );
}

/** What the text begins with; `whole` marks it, for what is typed to take its place. */
interface Editing {
  initial: string;
  whole: boolean;
}

interface InputProps extends FieldProps, Editing {
  bounds: Bounds;
  onSet(value: number): void;
  /** The input goes; `back` says whether the number keeps the keyboard. */
  onClose(back: boolean): void;
}

function NumberInput({
  initial,
  whole,
  bounds,
  labelId,
  port,
  onSet,
  onChange,
  onClose,
}: InputProps) {
  const [text, setText] = useState(initial);
  const [why, setWhy] = useState<Why | null>(null);
  const closed = useRef(false);
  const close = (back: boolean): void => {
    closed.current = true;
    onClose(back);
  };
  /** Take what was typed; false if it is no number. */
  const take = (): boolean => {
    if (!text.trim() && (port.type.optional || port.default !== undefined)) {
      onChange(port.type.optional && port.default !== null ? null : undefined);
      return true;
    }
    const reading = readWithin(text, bounds);
    if (reading.why) {
      setWhy(reading.why);
      return false;
    }
    onSet(reading.value);
    return true;
  };
  return (
    <div className={css.holder}>
      <input
        ref={(element) => {
          if (!element || element === document.activeElement) return;
          element.focus();
          if (whole) element.select();
        }}
        className={`nodrag nopan nowheel ${css.input}`}
        type="text"
        inputMode="decimal"
        role="spinbutton"
        aria-labelledby={labelId}
        aria-invalid={why !== null || undefined}
        value={text}
        onChange={(event) => {
          setText(event.target.value);
          setWhy(null);
        }}
        onBlur={() => {
          if (closed.current) return;
          take();
          close(false);
        }}
        onKeyDown={(event) => {
          if (event.nativeEvent.isComposing) return;
          if (runs(event)) return;
          if (event.key === 'Enter') {
            if (take()) close(true);
          } else if (event.key === 'Escape') {
            close(true);
          } else if (event.key === 'ArrowUp' || event.key === 'ArrowDown') {
            const reading = readWithin(text, bounds);
            if (!reading.why) setText(String(stepped(event, reading.value, bounds)));
          } else return;
          event.preventDefault();
          event.stopPropagation();
        }}
      />
      {why && <Fault why={why} />}
    </div>
  );
}

/** The wheel steps a number that has the keyboard, and leaves the canvas alone. */
function useWheel(
  target: RefObject<HTMLElement | null>,
  onSteps: (steps: number, pace: { fine: boolean; coarse: boolean }) => void,
): void {
  const latest = useRef(onSteps);
  useEffect(() => {
    latest.current = onSteps;
  });
  useEffect(() => {
    const here = target.current;
    const onWheel = (event: WheelEvent): void => {
      if (document.activeElement !== here || (!event.deltaY && !event.deltaX)) return;
      event.preventDefault();
      event.stopPropagation();
      latest.current((event.deltaY || event.deltaX) < 0 ? 1 : -1, paceOf(event));
    };
    here?.addEventListener('wheel', onWheel, { passive: false });
    return () => here?.removeEventListener('wheel', onWheel);
  });
}
