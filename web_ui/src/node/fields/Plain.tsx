import css from './fields.module.css';
import type { FieldProps } from './types';

/** A text in one line. */
export function TextField({ value, labelId, disabled, onChange, onDone }: FieldProps) {
  return (
    <input
      className={`nodrag ${css.input}`}
      type="text"
      value={typeof value === 'string' ? value : value == null ? '' : JSON.stringify(value)}
      aria-labelledby={labelId}
      disabled={disabled}
      onChange={(event) => onChange(event.target.value)}
      onBlur={onDone}
    />
  );
}

/** A text of several lines. */
export function AreaField({ value, labelId, area, disabled, onChange, onDone }: FieldProps) {
  return (
    <textarea
      className={`nodrag nowheel nopan ${css.area}`}
      style={{ height: area }}
      value={typeof value === 'string' ? value : ''}
      aria-labelledby={labelId}
      disabled={disabled}
      onChange={(event) => onChange(event.target.value)}
      onBlur={onDone}
    />
  );
}

export function NumberField({ value, labelId, disabled, port, onChange, onDone }: FieldProps) {
  return (
    <input
      className={`nodrag ${css.input}`}
      type="number"
      value={typeof value === 'number' ? value : ''}
      min={port.schema.minimum}
      max={port.schema.maximum}
      step={port.schema.multipleOf ?? (port.type.name === 'Number' ? 'any' : 1)}
      aria-labelledby={labelId}
      disabled={disabled}
      onChange={(event) => {
        const number = event.target.valueAsNumber;
        if (!Number.isNaN(number)) onChange(number);
      }}
      onBlur={onDone}
    />
  );
}

export function BooleanField({ value, labelId, disabled, onChange }: FieldProps) {
  return (
    <input
      className={`nodrag ${css.check}`}
      type="checkbox"
      checked={value === true}
      aria-labelledby={labelId}
      disabled={disabled}
      onChange={(event) => onChange(event.target.checked)}
    />
  );
}

export function ChoiceField({ value, labelId, disabled, port, onChange }: FieldProps) {
  return (
    <select
      className={`nodrag ${css.input}`}
      value={typeof value === 'string' ? value : ''}
      aria-labelledby={labelId}
      disabled={disabled}
      onChange={(event) => onChange(event.target.value)}
    >
      {port.type.choices.map((choice) => (
        <option key={choice} value={choice}>
          {port.schema.labels?.[choice] ?? choice}
        </option>
      ))}
    </select>
  );
}
