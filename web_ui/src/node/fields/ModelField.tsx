import { Info, TriangleAlert } from 'lucide-react';
import { useEffect, useMemo } from 'react';
import { useTranslation } from 'react-i18next';
import { kindsOf } from '@/core/models';
import { loadModels, pictureUrl, sized, useModels, type Model } from '@/state/models';
import { Combo, type Option } from './Combo';
import css from './fields.module.css';
import type { FieldProps } from './types';

/** Where a model is read from: one that is there and fits, or any other place that is typed. */
export function ModelField(props: FieldProps) {
  const { port, value, labelId, disabled, focused, onChange, onDone } = props;
  const { t, i18n } = useTranslation('fields');
  const models = useModels((known) => known.models);
  useEffect(() => {
    if (useModels.getState().models === null) void loadModels();
  }, []);
  const kinds = kindsOf(port);
  const options = useMemo(
    () =>
      (models ?? [])
        .filter((one) => !one.wrong && (kinds?.includes(one.kind) ?? true))
        .toSorted((a, b) => a.kind.localeCompare(b.kind) || a.source.localeCompare(b.source))
        .map((one): Option => ({
          value: one.source,
          label: one.source,
          hint: sized(one.bytes, i18n.language),
          detail: about(one),
          group: t(`model.kind.${one.kind}`),
          ...(one.preview ? { picture: pictureUrl(one.source, 64) } : {}),
        })),
    [models, kinds, t, i18n.language],
  );
  const source = typeof value === 'string' ? value : '';
  const missing = source !== '' && models !== null && !models.some((one) => one.source === source);
  const now = missing ? models.find((one) => one.formerly.includes(source)) : undefined;
  const said = now ? t('model.renamed', { name: now.source }) : t('model.missing');
  const Mark = now ? Info : TriangleAlert;
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
          <Mark size={12} className={now ? css.renamed : css.missing} aria-label={said} role="img">
            <title>{said}</title>
          </Mark>
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

/** The family, the licence and the title of a model, in small type below it. */
const about = (one: Model): string =>
  [[one.family, one.variant].filter(Boolean).join(' '), one.licence, one.title]
    .filter(Boolean)
    .join(' · ');
