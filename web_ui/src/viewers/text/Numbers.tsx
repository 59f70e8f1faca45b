import { useMemo } from 'react';
import { useTranslation } from 'react-i18next';
import { statsOf, polyline } from './numbers';
import css from './text.module.css';

/** One number or truth, large. */
export function Single({ value }: { value: number | boolean }) {
  const { t } = useTranslation('viewers');
  return (
    <output className={css.single} data-viewer="number">
      {typeof value === 'boolean' ? t(value ? 'true' : 'false') : String(value)}
    </output>
  );
}

const MOST = 2000;
const FIGURES = ['count', 'min', 'max', 'mean', 'sum'] as const;

/** Numbers in order: their course, their figures, themselves. */
export function Numbers({ values, title }: { values: readonly number[]; title: string }) {
  const { t } = useTranslation('viewers');
  const stats = useMemo(() => statsOf(values), [values]);
  const points = useMemo(() => polyline(values, 1000, 180), [values]);
  const short = (value: number): string => String(Number(value.toPrecision(6)));
  return (
    <div className={css.scroll} tabIndex={0} role="group" aria-label={title} data-viewer="numbers">
      <div className={css.column}>
        <svg className={css.plot} viewBox="0 0 1000 180" preserveAspectRatio="none" aria-hidden>
          <polyline
            points={points}
            fill="none"
            stroke="currentColor"
            strokeWidth={2}
            vectorEffect="non-scaling-stroke"
            strokeLinejoin="round"
          />
        </svg>
        <dl className={css.stats}>
          {FIGURES.map((name) => (
            <div key={name}>
              <dt>{t(`numbers.${name}`)}</dt>
              <dd>{short(stats[name])}</dd>
            </div>
          ))}
        </dl>
        <p className={css.values}>
          {values.slice(0, MOST).map(short).join(', ')}
          {values.length > MOST && t('more', { count: values.length - MOST })}
        </p>
      </div>
    </div>
  );
}
