import { Pause, Play, X } from 'lucide-react';
import { useMemo, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { book, useEnded, usePaused, useQueue } from '@/state/runs';
import { cancelRuns, move, pauseQueue } from '@/state/runs/queue';
import { useHidden } from '@/state/runs/forgetting';
import { Button } from '@/ui/Button';
import css from './Queue.module.css';
import { Row, type RowHandlers } from './Row';

/** Rows that are drawn at most; what waits behind them has a line that counts it. */
const MOST = 150;

const stateOf = (id: string) => book.runs.get(id)?.facts.state;

/** What runs and waits, and what is over. */
export default function Queue() {
  const { t } = useTranslation('runs');
  const queue = useQueue();
  const ended = useEnded();
  const paused = usePaused();
  const hidden = useHidden();
  const [chosen, setChosen] = useState<ReadonlySet<string>>(new Set());
  const marked = queue.filter((id) => chosen.has(id));
  const handlers = useMemo<RowHandlers>(() => {
    const waiting = () => book.queue.filter((id) => stateOf(id) === 'queued');
    return {
      choose: (id, on) =>
        setChosen((before) => {
          const next = new Set(before);
          if (on) next.add(id);
          else next.delete(id);
          return next;
        }),
      shift(id, by) {
        const all = waiting();
        const at = all.indexOf(id);
        const to = at + by;
        if (at < 0 || to < 0 || to >= all.length) return;
        void move(id, by < 0 ? all[to]! : (all[to + 1] ?? null));
      },
      drop(dragged, before) {
        if (dragged === before) return;
        const all = waiting();
        // Down, it comes after the one that it is let go on; up, before it.
        const down = all.indexOf(dragged) < all.indexOf(before);
        void move(dragged, down ? (all[all.indexOf(before) + 1] ?? null) : before);
      },
    };
  }, []);
  const over = ended.filter((id) => !hidden.has(id));
  return (
    <div className={css.panel}>
      <div className={css.tools} role="toolbar" aria-label={t('queue.tools')}>
        <span className={css.count}>
          {queue.length ? t('queue.on', { count: queue.length }) : t('queue.none')}
        </span>
        <Button look="quiet" onClick={() => void pauseQueue(!paused)} aria-pressed={paused}>
          {paused ? <Play size={14} aria-hidden /> : <Pause size={14} aria-hidden />}
          {paused ? t('queue.goOn') : t('queue.pause')}
        </Button>
        {marked.length > 0 && (
          <Button
            look="quiet"
            onClick={() => {
              void cancelRuns(marked);
              setChosen(new Set());
            }}
          >
            <X size={14} aria-hidden />
            {t('queue.cancelChosen', { count: marked.length })}
          </Button>
        )}
        <Button look="quiet" disabled={!queue.length} onClick={() => void cancelRuns(queue)}>
          <X size={14} aria-hidden />
          {t('queue.cancelAll')}
        </Button>
      </div>
      <ul className={css.list} aria-label={t('queue.label')}>
        {queue.slice(0, MOST).map((id) => (
          <Row key={id} id={id} chosen={chosen.has(id)} handlers={handlers} />
        ))}
        {queue.length > MOST && (
          <li className={css.rest}>{t('queue.rest', { count: queue.length - MOST })}</li>
        )}
        {over.length > 0 && <li className={css.heading}>{t('queue.ended')}</li>}
        {over.map((id) => (
          <Row key={id} id={id} chosen={false} handlers={handlers} />
        ))}
        {!queue.length && !over.length && <li className={css.rest}>{t('queue.empty')}</li>}
      </ul>
    </div>
  );
}
