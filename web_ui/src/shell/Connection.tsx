import { WifiOff } from 'lucide-react';
import { useEffect, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { useConnected } from '@/state/runs';
import { useAnnouncement } from '@/state/runs/announce';
import { retryNow } from '@/state/runs/server';
import css from './Connection.module.css';

/** Milliseconds that a loss has to last to be told: a reload of the server is over sooner. */
const GRACE = 1200;

/** A line below the bar while the server does not answer. */
export function Connection() {
  const { t } = useTranslation('runs');
  const connected = useConnected();
  const [late, setLate] = useState(false);
  useEffect(() => {
    if (connected !== false) return;
    const timer = setTimeout(() => setLate(true), GRACE);
    return () => {
      clearTimeout(timer);
      setLate(false);
    };
  }, [connected]);
  if (connected !== false || !late) return null;
  return (
    <div className={css.banner} role="alert">
      <WifiOff size={15} aria-hidden />
      <span>{t('lost.text')}</span>
      <button className={css.retry} onClick={retryNow}>
        {t('lost.retry')}
      </button>
    </div>
  );
}

/** What those hear who do not see the nodes change. */
export function Announcer() {
  const { t } = useTranslation('runs');
  const { said, count } = useAnnouncement();
  return (
    <p className="visually-hidden" role="status" aria-live="polite" data-announcer={count}>
      {said && t(said.key, { name: said.name || t('untitled') })}
    </p>
  );
}
