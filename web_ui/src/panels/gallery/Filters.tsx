import { Star } from 'lucide-react';
import { useMemo } from 'react';
import { useTranslation } from 'react-i18next';
import { Select } from '@/ui/Select';
import css from './Gallery.module.css';
import { KINDS, type Filter, type Kind, type Result } from './results';

interface Props {
  filter: Filter;
  results: readonly Result[];
  onChange(filter: Filter): void;
}

const DAYS = [0, 1, 7, 30];

/** Which results are shown. */
export function Filters({ filter, results, onChange }: Props) {
  const { t } = useTranslation('runs');
  const names = useMemo(() => [...new Set(results.map((one) => one.name))].toSorted(), [results]);
  const set = (changes: Partial<Filter>): void => onChange({ ...filter, ...changes });
  return (
    <div className={css.filters} role="group" aria-label={t('gallery.filter')}>
      <input
        type="search"
        className={css.search}
        placeholder={t('gallery.search')}
        aria-label={t('gallery.search')}
        value={filter.words}
        onChange={(event) => set({ words: event.target.value })}
      />
      <Select
        aria-label={t('gallery.kind')}
        value={filter.kind}
        onChange={(event) => set({ kind: event.target.value as Kind | '' })}
      >
        <option value="">{t('gallery.kinds.all')}</option>
        {KINDS.map((kind) => (
          <option key={kind} value={kind}>
            {t(`gallery.kinds.${kind}`)}
          </option>
        ))}
      </Select>
      <Select
        aria-label={t('gallery.workflow')}
        value={filter.workflow}
        onChange={(event) => set({ workflow: event.target.value })}
      >
        <option value="">{t('gallery.allWorkflows')}</option>
        {names.filter(Boolean).map((name) => (
          <option key={name} value={name}>
            {name}
          </option>
        ))}
      </Select>
      <Select
        aria-label={t('gallery.date')}
        value={filter.days}
        onChange={(event) => set({ days: Number(event.target.value) })}
      >
        {DAYS.map((days) => (
          <option key={days} value={days}>
            {t(`gallery.days.${days}`)}
          </option>
        ))}
      </Select>
      <button
        className={css.toggle}
        aria-pressed={filter.starred}
        title={t('gallery.onlyStarred')}
        aria-label={t('gallery.onlyStarred')}
        onClick={() => set({ starred: !filter.starred })}
      >
        <Star size={15} fill={filter.starred ? 'currentColor' : 'none'} aria-hidden />
      </button>
    </div>
  );
}
