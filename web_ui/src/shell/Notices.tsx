import { X } from 'lucide-react';
import { useTranslation } from 'react-i18next';
import { useWords } from '@/i18n/said';
import { dismiss, useNotices } from '@/state/notices';
import css from './Notices.module.css';

/** What was just said, at the lower edge. */
export function Notices() {
  const { t } = useTranslation('notices');
  const words = useWords();
  const notices = useNotices((state) => state.notices);
  return (
    <div className={css.notices} role="status" aria-live="polite">
      {notices.map((notice) => (
        <div key={notice.id} className={css.notice} data-kind={notice.kind}>
          <p className={css.text}>
            {notice.said ? words(notice.said) : t(notice.key, { ...notice.args })}
          </p>
          {notice.action && (
            <button
              className={css.action}
              onClick={() => {
                notice.action!.run();
                dismiss(notice.id);
              }}
            >
              {t(notice.action.key)}
            </button>
          )}
          <button
            className={css.close}
            aria-label={t('dismiss')}
            onClick={() => dismiss(notice.id)}
          >
            <X size={14} aria-hidden />
          </button>
        </div>
      ))}
    </div>
  );
}
