import { useEffect } from 'react';
import { useTranslation } from 'react-i18next';
import { loadTemplates, report, useLibrary } from '@/state/files/library';
import { openTemplate } from '@/state/files/opening';
import { useSettings } from '@/state/settings';
import css from './Library.module.css';

/** The examples that come with Musegraph, in the user's language. */
export function Templates() {
  const { t } = useTranslation('files');
  const language = useSettings((settings) => settings.language);
  const templates = useLibrary((library) => library.templates);
  useEffect(() => {
    loadTemplates().catch((error: unknown) => report('list', error));
  }, [language]);
  return (
    <ul className={css.cards} aria-label={t('library.templates')}>
      {templates?.map((one) => (
        <li key={one.id}>
          <button className={css.card} onClick={() => void openTemplate(one)}>
            {one.picture && <img className={css.picture} src={one.picture} alt="" loading="lazy" />}
            <span className={css.cardTitle}>{one.title}</span>
            <span className={css.cardText}>{one.text}</span>
          </button>
        </li>
      ))}
    </ul>
  );
}
