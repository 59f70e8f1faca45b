import { FilePenLine, X } from 'lucide-react';
import { useEffect } from 'react';
import { useTranslation } from 'react-i18next';
import { showTime } from '@/shell/files/times';
import { discardDraft, refreshClosed, reopenDraft, useDrafts } from '@/state/drafts/closed';
import css from './Library.module.css';

/** What was closed with changes that were not saved. */
export function Drafts() {
  const { t } = useTranslation('files');
  const drafts = useDrafts((state) => state.closed);
  useEffect(() => void refreshClosed(), []);
  return (
    <>
      <p className={css.lead}>{t('library.draftsText')}</p>
      <ul className={css.list} aria-label={t('library.drafts')}>
        {drafts.map(({ key, name, time, nodes }) => (
          <li key={key} className={css.item}>
            <div className={css.row}>
              <button className={css.open} onClick={() => void reopenDraft(key)}>
                <FilePenLine className={css.icon} size={18} strokeWidth={1.75} aria-hidden />
                <span className={css.name} title={name}>
                  {name || t('untitled')}
                </span>
                <span className={css.facts}>
                  {t('library.draftFacts', { time: showTime(time / 1000), count: nodes })}
                </span>
              </button>
              <button
                className={css.more}
                aria-label={t('library.discard', { name: name || t('untitled') })}
                title={t('library.discard', { name: name || t('untitled') })}
                onClick={() => void discardDraft(key)}
              >
                <X size={16} aria-hidden />
              </button>
            </div>
          </li>
        ))}
      </ul>
      {!drafts.length && <p className={css.none}>{t('library.noDrafts')}</p>}
    </>
  );
}
