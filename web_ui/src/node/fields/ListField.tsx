import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import type { Json } from '@/core/document';
import { readNumber, within } from '@/core/numbers';
import { Fault } from './Fault';
import css from './fields.module.css';
import { JsonField } from './JsonField';
import { useDraft } from './local';
import { TextArea } from './TextFields';
import type { FieldProps } from './types';

const isLines = (value: Json | undefined): value is string[] =>
  Array.isArray(value) && value.every((one) => typeof one === 'string' && !one.includes('\n'));

/** A list: of texts, one a line; of numbers, with commas between them. */
export function ListField(props: FieldProps) {
  const { value, port } = props;
  if (port.type.item?.name !== 'Text') return <NumbersField {...props} />;
  return value == null || isLines(value) ? <LinesField {...props} /> : <JsonField {...props} />;
}

function LinesField({ value, labelId, area, disabled, focused, onChange, onDone }: FieldProps) {
  const { t } = useTranslation('fields');
  const { reset: _reset, ...draft } = useDraft(
    isLines(value) ? value.join('\n') : '',
    (text) => {
      const lines = text.split('\n');
      while (lines.at(-1) === '') lines.pop();
      onChange(lines);
      return lines.join('\n');
    },
    onDone,
  );
  return (
    <TextArea
      height={area}
      labelId={labelId}
      disabled={disabled}
      focused={focused}
      placeholder={t('list.lines')}
      {...draft}
    />
  );
}

function NumbersField({ value, labelId, port, disabled, focused, onChange, onDone }: FieldProps) {
  const { t } = useTranslation('fields');
  const [why, setWhy] = useState<{ key: string; args: object } | null>(null);
  const { reset: _reset, ...draft } = useDraft(
    Array.isArray(value) ? value.join(', ') : '',
    (text) => {
      const numbers: number[] = [];
      for (const part of text.split(/[,，、;；]/).filter((one) => one.trim())) {
        const reading = readNumber(part);
        setWhy(reading.why ?? null);
        if (reading.why) return null;
        numbers.push(within(reading.value, { integer: port.type.item?.name === 'Integer' }));
      }
      setWhy(null);
      onChange(numbers);
      return numbers.join(', ');
    },
    onDone,
  );
  return (
    <div className={css.holder}>
      <input
        className={`nodrag nopan ${css.input}`}
        type="text"
        placeholder={t('list.numbers')}
        autoFocus={focused}
        aria-labelledby={labelId}
        aria-invalid={why !== null || undefined}
        disabled={disabled}
        {...draft}
      />
      {why && <Fault why={why} />}
    </div>
  );
}
