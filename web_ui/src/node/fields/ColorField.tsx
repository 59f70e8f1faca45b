import { useTranslation } from 'react-i18next';
import css from './fields.module.css';
import { useDraft } from './local';
import type { FieldProps } from './types';

/** A colour as the server writes it, of what was typed; null if it is none, or has an alpha too many. */
export function readColor(text: string, pattern?: string): string | null {
  const digits = /^#?([0-9a-f]{3,4}|[0-9a-f]{6}|[0-9a-f]{8})$/i.exec(text.trim())?.[1];
  if (!digits) return null;
  const long = digits.length < 6 ? [...digits].map((one) => one + one).join('') : digits;
  const color = `#${long.toLowerCase()}`;
  return pattern === undefined || new RegExp(pattern).test(color) ? color : null;
}

/** A colour: chosen at the swatch, or typed as hexadecimal digits. */
export function ColorField(props: FieldProps) {
  const { value, port, labelId, disabled, focused, onChange, onDone } = props;
  const { t } = useTranslation('fields');
  const color = (typeof value === 'string' && readColor(value)) || '#000000';
  const { reset, ...draft } = useDraft(
    typeof value === 'string' ? value : '',
    (text) => {
      const read = readColor(text, port.schema.pattern);
      if (read !== null) onChange(read);
      return read;
    },
    onDone,
  );
  return (
    <div className={css.color}>
      <span className={css.swatch}>
        <span style={{ background: color }} />
        <input
          className="nodrag"
          type="color"
          value={color.slice(0, 7)}
          aria-label={t('color.choose')}
          disabled={disabled}
          // How much shows through stays as it was typed.
          onChange={(event) => onChange(event.target.value + color.slice(7))}
          onBlur={onDone}
        />
      </span>
      <input
        className={`nodrag nopan ${css.input}`}
        type="text"
        spellCheck={false}
        autoFocus={focused}
        aria-labelledby={labelId}
        aria-invalid={readColor(draft.value, port.schema.pattern) === null || undefined}
        disabled={disabled}
        {...draft}
        onBlur={() => {
          draft.onBlur();
          reset();
        }}
      />
    </div>
  );
}
