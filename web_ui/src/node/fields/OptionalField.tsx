import { Plus, X } from 'lucide-react';
import { useId, useState, type ComponentType } from 'react';
import { useTranslation } from 'react-i18next';
import type { Json } from '@/core/document';
import type { FieldKind } from '@/core/fields';
import { isNone } from '@/core/geometry';
import { within } from '@/core/numbers';
import { boundsOf } from './bounds';
import css from './fields.module.css';
import type { FieldProps } from './types';

/** What stands in a field that was empty, when it is first opened. */
const first = (kind: FieldKind, { port }: FieldProps): Json => {
  switch (kind) {
    case 'boolean':
      return true;
    case 'choice':
      return port.type.choices[0] ?? '';
    case 'color':
      return '#808080';
    case 'integer':
    case 'number':
    case 'seed':
      return within(0, boundsOf(port));
    case 'json':
      return {};
    case 'list':
      return [];
    default:
      return '';
  }
};

/** A value that may be left out: it says so, and can be given or taken away. */
export const optional = (
  kind: FieldKind,
  Field: ComponentType<FieldProps>,
): ComponentType<FieldProps> =>
  function OptionalField(props: FieldProps) {
    const { t } = useTranslation('fields');
    const noneId = useId();
    const [opened, setOpened] = useState(false);
    const { port, value, disabled, labelId, onChange, onDone } = props;
    if (!port.type.optional) return <Field {...props} />;
    if (isNone(port, value))
      return (
        <button
          type="button"
          className={`nodrag nokey ${css.none}`}
          aria-labelledby={`${labelId} ${noneId}`}
          title={t('optional.give')}
          disabled={disabled}
          onClick={() => {
            setOpened(true);
            onChange(first(kind, props));
          }}
        >
          <span id={noneId}>{t('optional.none')}</span>
          <Plus size={12} aria-hidden />
        </button>
      );
    return (
      <div className={css.optional}>
        <Field {...props} focused={opened} />
        <button
          type="button"
          className={`nodrag nokey ${css.tool}`}
          title={t('optional.clear')}
          aria-label={t('optional.clear')}
          disabled={disabled}
          onClick={() => {
            setOpened(false);
            onChange(port.default === null || port.default === undefined ? undefined : null);
            onDone();
          }}
        >
          <X size={12} aria-hidden />
        </button>
      </div>
    );
  };
