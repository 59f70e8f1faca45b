import { useTranslation } from 'react-i18next';
import { useDocument, useDocumentStore } from '@/state/context';
import css from './History.module.css';

/** What was done to the document, to go back to. */
export default function History() {
  const { t } = useTranslation('history');
  const store = useDocumentStore();
  const { past, future } = useDocument((state) => state.history);
  const entries = [...past, ...future];
  const row = (place: number, label: string) => (
    <li key={place}>
      <button
        className={css.entry}
        data-undone={place >= past.length || undefined}
        aria-current={place === past.length - 1 ? 'step' : undefined}
        onClick={() => store.travel(place)}
      >
        {label}
      </button>
    </li>
  );
  return (
    <ol className={css.list}>
      {row(-1, t('opened'))}
      {entries.map((entry, place) => row(place, t(`did.${entry.label}`)))}
    </ol>
  );
}
