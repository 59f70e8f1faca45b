import { useTranslation } from 'react-i18next';
import css from './TopBar.module.css';

/** Documents in tabs, and what runs them. */
export function TopBar() {
  const { t } = useTranslation('shell');
  return (
    <header className={css.bar}>
      <h1 className={css.name}>{t('name')}</h1>
    </header>
  );
}
