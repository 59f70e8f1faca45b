import { useRef } from 'react';
import css from './fields.module.css';
import { useDraft } from './local';
import type { FieldProps } from './types';

const textOf = (value: FieldProps['value']): string =>
  typeof value === 'string' ? value : value == null ? '' : JSON.stringify(value);

/** A text in one line. */
export function TextField({ value, labelId, disabled, focused, onChange, onDone }: FieldProps) {
  const { reset: _reset, ...draft } = useDraft(
    textOf(value),
    (text) => {
      onChange(text);
      return text;
    },
    onDone,
  );
  return (
    <input
      className={`nodrag nopan ${css.input}`}
      type="text"
      spellCheck={false}
      autoFocus={focused}
      aria-labelledby={labelId}
      disabled={disabled}
      {...draft}
    />
  );
}

/** A text of several lines. */
export function AreaField({ value, labelId, area, disabled, focused, ...rest }: FieldProps) {
  const { onChange, onDone } = rest;
  const { reset: _reset, ...draft } = useDraft(
    textOf(value),
    (text) => {
      onChange(text);
      return text;
    },
    onDone,
  );
  return (
    <TextArea height={area} labelId={labelId} disabled={disabled} focused={focused} {...draft} />
  );
}

interface AreaProps {
  height: number;
  labelId: string;
  disabled: boolean;
  focused?: boolean | undefined;
  code?: boolean;
  invalid?: boolean;
  value: string;
  placeholder?: string;
  onChange(event: React.ChangeEvent<HTMLTextAreaElement>): void;
  onCompositionEnd(event: React.CompositionEvent<HTMLTextAreaElement>): void;
  onBlur(): void;
  onEscape?(): void;
}

/** Several lines to type in. The wheel scrolls them once they have the keyboard, and else the canvas. */
export function TextArea(props: AreaProps) {
  const { height, labelId, disabled, focused, code, invalid, onEscape, ...draft } = props;
  const element = useRef<HTMLTextAreaElement>(null);
  return (
    <textarea
      ref={element}
      className={`nodrag nopan ${css.area}`}
      style={{ height }}
      spellCheck={!code}
      autoFocus={focused}
      data-code={code || undefined}
      aria-labelledby={labelId}
      aria-invalid={invalid || undefined}
      disabled={disabled}
      onFocus={() => element.current?.classList.add('nowheel')}
      onKeyDown={(event) => {
        if (event.key !== 'Escape' || event.nativeEvent.isComposing) return;
        event.stopPropagation();
        onEscape?.();
        event.currentTarget.blur();
      }}
      {...draft}
      onBlur={() => {
        element.current?.classList.remove('nowheel');
        draft.onBlur();
      }}
    />
  );
}
