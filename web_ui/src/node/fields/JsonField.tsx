import { useState } from 'react';
import { readJson, UnreadableJson } from '@/core/canonical';
import type { Json } from '@/core/document';
import { Fault } from './Fault';
import css from './fields.module.css';
import { useDraft } from './local';
import { TextArea } from './TextFields';
import type { FieldProps } from './types';

const textOf = (value: Json | undefined): string =>
  value === undefined ? '' : JSON.stringify(value, null, 2);

/** Any value of JSON. While the text does not parse, the value stays as it was. */
export function JsonField({
  value,
  labelId,
  area,
  disabled,
  focused,
  onChange,
  onDone,
}: FieldProps) {
  const [why, setWhy] = useState<{ key: string; args: object } | null>(null);
  const { reset, ...draft } = useDraft(
    textOf(value),
    (text) => {
      try {
        const read = text.trim() === '' ? undefined : readJson(text);
        setWhy(null);
        onChange(read);
        return textOf(read);
      } catch (error) {
        if (!(error instanceof UnreadableJson)) throw error;
        setWhy(error);
        return null;
      }
    },
    onDone,
  );
  return (
    <div className={css.holder}>
      <TextArea
        code
        height={area || 20}
        labelId={labelId}
        disabled={disabled}
        focused={focused}
        invalid={why !== null}
        onEscape={() => {
          reset();
          setWhy(null);
        }}
        {...draft}
      />
      {why && <Fault why={why} />}
    </div>
  );
}
