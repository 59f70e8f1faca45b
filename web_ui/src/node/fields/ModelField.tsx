import { TriangleAlert } from 'lucide-react';
import { useEffect, useMemo } from 'react';
import { useTranslation } from 'react-i18next';
import { loadModels, useModels } from '@/state/models';
import { Combo } from './Combo';
import css from './fields.module.css';
import type { FieldProps } from './types';

/** Bytes as people read them: 26 MB. */
const sized = (bytes: number, locale: string): string => {
  const [unit, by] = bytes >= 1e9 ? (['gigabyte', 1e9] as const) : (['megabyte', 1e6] as const);
  return new Intl.NumberFormat(locale, {
    style: 'unit',
    unit,
    maximumFractionDigits: bytes >= 1e9 ? 1 : 0,
  }).format(bytes / by);
};

/** Where a model is read from: one that is there, or any other place that is typed. */
export function ModelField(props: FieldProps) {
  const { value, labelId, disabled, focused, onChange, onDone } = props;
  const { t, i18n } = useTranslation('fields');
  const models = useModels((known) => known.models);
  useEffect(() => {
    if (useModels.getState().models === null) void loadModels();
  }, []);
  const options = useMemo(
    () =>
      (models ?? [])
        .toSorted((a, b) => a.kind.localeCompare(b.kind) || a.source.localeCompare(b.source))
        .map((one) => ({
          value: one.source,
          label: one.source,
          hint: sized(one.bytes, i18n.language),
          group: t(`model.kind.${one.kind}`),
        })),
    [models, t, i18n.language],
  );
  const source = typeof value === 'string' ? value : '';
  const missing = source !== '' && models !== null && !models.some((one) => one.source === source);
  return (
    <Combo
      free
      value={source}
      options={options}
      labelId={labelId}
      disabled={disabled}
      focused={focused}
      placeholder={t('model.choose')}
      empty={t('model.empty')}
      mark={
        missing && (
          <TriangleAlert
            size={12}
            className={css.missing}
            aria-label={t('model.missing')}
            role="img"
          >
            <title>{t('model.missing')}</title>
          </TriangleAlert>
        )
      }
      onOpen={() => void loadModels()}
      onChange={(next) => {
        onChange(next);
        onDone();
      }}
    />
  );
}
