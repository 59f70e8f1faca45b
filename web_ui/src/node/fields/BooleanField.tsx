import css from './fields.module.css';
import type { FieldProps } from './types';

/** Yes or no. */
export function BooleanField({ value, labelId, disabled, focused, onChange, onDone }: FieldProps) {
  return (
    <input
      className={`nodrag ${css.switch}`}
      type="checkbox"
      role="switch"
      checked={value === true}
      autoFocus={focused}
      aria-labelledby={labelId}
      disabled={disabled}
      onChange={(event) => {
        onChange(event.target.checked);
        onDone();
      }}
    />
  );
}
