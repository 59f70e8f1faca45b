/** Small parts that every viewer is made of. */

import type { LucideIcon } from 'lucide-react';
import type { ReactNode } from 'react';
import css from './parts.module.css';

interface IconProps {
  icon: LucideIcon;
  label: string;
  /** Keys that do the same, as they are shown. */
  keys?: string;
  pressed?: boolean;
  disabled?: boolean;
  onClick(): void;
}

const hint = (label: string, keys?: string): string => (keys ? `${label} (${keys})` : label);

export function IconButton({ icon: Icon, label, keys, pressed, disabled, onClick }: IconProps) {
  return (
    <button
      type="button"
      className={css.icon}
      aria-label={label}
      aria-pressed={pressed}
      title={hint(label, keys)}
      disabled={disabled}
      onClick={onClick}
    >
      <Icon size={16} strokeWidth={1.75} aria-hidden />
    </button>
  );
}

interface WordProps {
  label: string;
  keys?: string;
  pressed?: boolean;
  disabled?: boolean;
  onClick(): void;
  children: ReactNode;
}

export function WordButton({ label, keys, children, ...rest }: WordProps) {
  return (
    <button
      type="button"
      className={css.word}
      title={hint(label, keys)}
      aria-pressed={rest.pressed}
      disabled={rest.disabled}
      onClick={rest.onClick}
    >
      {children}
    </button>
  );
}

/** The row of tools below what is shown. */
export function Bar({ label, children }: { label: string; children: ReactNode }) {
  return (
    <div className={css.bar} role="toolbar" aria-label={label}>
      {children}
    </div>
  );
}

export const Gap = () => <span className={css.gap} />;
export const Line = () => <span className={css.line} />;

interface ChoiceProps<T extends string> {
  label: string;
  value: T;
  options: readonly { value: T; label: string; keys?: string }[];
  onChange(value: T): void;
}

/** One of a few, side by side. */
export function Choice<T extends string>({ label, value, options, onChange }: ChoiceProps<T>) {
  return (
    <span className={css.choice} role="group" aria-label={label}>
      {options.map((one) => (
        <button
          key={one.value}
          type="button"
          aria-pressed={one.value === value}
          title={hint(one.label, one.keys)}
          onClick={() => onChange(one.value)}
        >
          {one.label}
        </button>
      ))}
    </span>
  );
}

interface RangeProps {
  label: string;
  value: number;
  min: number;
  max: number;
  step?: number;
  text: string;
  onChange(value: number): void;
}

/** A slider with its name before and its value behind. */
export function Range({ label, value, min, max, step = 1, text, onChange }: RangeProps) {
  return (
    <label className={css.range}>
      <span>{label}</span>
      <input
        type="range"
        min={min}
        max={max}
        step={step}
        value={value}
        aria-valuetext={text}
        onChange={(event) => onChange(event.target.valueAsNumber)}
      />
      <output>{text}</output>
    </label>
  );
}

/** A sentence in place of what cannot be shown. */
export function Sentence({ children }: { children: ReactNode }) {
  return (
    <div className={css.sentence} role="status">
      {children}
    </div>
  );
}
