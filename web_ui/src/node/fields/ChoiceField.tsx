import { Combo } from './Combo';
import css from './fields.module.css';
import type { FieldProps } from './types';

/** More than this are looked for by typing. */
const MANY = 12;

/** One of several words. */
export function ChoiceField(props: FieldProps) {
  const { value, labelId, disabled, focused, port, onChange, onDone } = props;
  const given = typeof value === 'string' ? value : '';
  const known = port.type.choices;
  // A word that a newer or older version knows stays until another is chosen.
  const words = known.includes(given) ? known : [given, ...known];
  const options = words.map((word) => ({ value: word, label: port.choices[word] ?? word }));
  const choose = (word: string): void => {
    onChange(word);
    onDone();
  };
  if (known.length > MANY)
    return (
      <Combo
        value={given}
        options={options}
        labelId={labelId}
        disabled={disabled}
        focused={focused}
        onChange={choose}
      />
    );
  return (
    <span className={css.choice}>
      <select
        className={`nodrag nopan nowheel ${css.select}`}
        value={given}
        aria-labelledby={labelId}
        aria-invalid={!known.includes(given) || undefined}
        disabled={disabled}
        autoFocus={focused}
        onChange={(event) => choose(event.target.value)}
      >
        {options.map((option) => (
          <option key={option.value} value={option.value}>
            {option.label}
          </option>
        ))}
      </select>
    </span>
  );
}
