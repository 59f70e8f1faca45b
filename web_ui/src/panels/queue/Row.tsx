import {
  ArrowUpRight,
  Ban,
  CircleCheck,
  CircleDashed,
  CircleX,
  GripVertical,
  LoaderCircle,
  RotateCcw,
  Trash2,
  X,
} from 'lucide-react';
import { memo, type DragEvent, type KeyboardEvent } from 'react';
import { useTranslation } from 'react-i18next';
import { duration } from '@/node/status';
import { useRun, useShare, type RunFacts } from '@/state/runs';
import { useFailure } from '@/state/runs/failure';
import { cancelRuns, openRun, runAgain } from '@/state/runs/queue';
import { forget } from '@/state/runs/forgetting';
import { Thumb } from './Thumb';
import css from './Queue.module.css';

const ICONS = {
  queued: CircleDashed,
  running: LoaderCircle,
  done: CircleCheck,
  failed: CircleX,
  cancelled: Ban,
};

export interface RowHandlers {
  choose(id: string, chosen: boolean): void;
  /** Give it another turn: that many places further on. */
  shift(id: string, by: number): void;
  /** Put what is dragged before this one. */
  drop(dragged: string, before: string): void;
}

interface Props {
  id: string;
  chosen: boolean;
  handlers: RowHandlers;
}

export const TYPE = 'application/x-musegraph-run';

/** A run in the queue, or one that is over. */
export const Row = memo(function Row({ id, chosen, handlers }: Props) {
  const { t, i18n } = useTranslation('runs');
  const facts = useRun(id);
  const share = useShare(id);
  const failure = useFailure(id);
  if (!facts) return null;
  const name = facts.name || t('untitled');
  const Icon = ICONS[facts.state];
  const waiting = facts.state === 'queued';
  const on = waiting || facts.state === 'running';
  const drag = {
    draggable: true,
    onDragStart: (event: DragEvent) => event.dataTransfer.setData(TYPE, id),
    onDragOver: (event: DragEvent) => {
      if (event.dataTransfer.types.includes(TYPE)) event.preventDefault();
    },
    onDrop: (event: DragEvent) => {
      const dragged = event.dataTransfer.getData(TYPE);
      if (dragged) handlers.drop(dragged, id);
    },
  };
  const keys = (event: KeyboardEvent): void => {
    if (!waiting || !event.altKey || !['ArrowUp', 'ArrowDown'].includes(event.key)) return;
    event.preventDefault();
    event.stopPropagation();
    handlers.shift(id, event.key === 'ArrowUp' ? -1 : 1);
  };
  return (
    <li
      className={css.row}
      data-run={id}
      data-state={facts.state}
      data-chosen={chosen || undefined}
      onKeyDown={keys}
      {...(waiting ? drag : {})}
    >
      <span className={css.lead}>
        {on && (
          <input
            type="checkbox"
            checked={chosen}
            aria-label={t('queue.choose', { name })}
            onChange={(event) => handlers.choose(id, event.target.checked)}
          />
        )}
        {waiting && (
          <span className={css.grip} title={t('queue.moveHint')}>
            <GripVertical size={14} aria-hidden />
          </span>
        )}
      </span>
      <Thumb facts={facts} />
      <span className={css.what}>
        <span className={css.name}>{name}</span>
        <span className={css.state} data-state={facts.state}>
          <Icon size={12} aria-hidden />
          {failure?.split('\n')[0] ?? stateText(facts, share, t)}
        </span>
        {facts.state === 'running' && (
          <span className={css.track}>
            <span style={{ transform: `scaleX(${share})` }} />
          </span>
        )}
      </span>
      <time className={css.time}>{timeText(facts, i18n.language, t)}</time>
      <span className={css.actions}>
        <button
          title={t('queue.open')}
          aria-label={t('queue.openOf', { name })}
          onClick={() => void openRun(id)}
        >
          <ArrowUpRight size={15} aria-hidden />
        </button>
        {on ? (
          <button
            title={t('queue.cancel')}
            aria-label={t('queue.cancelOf', { name })}
            onClick={() => void cancelRuns([id])}
          >
            <X size={15} aria-hidden />
          </button>
        ) : (
          <>
            <button
              title={t('queue.again')}
              aria-label={t('queue.againOf', { name })}
              onClick={() => void runAgain([id])}
            >
              <RotateCcw size={14} aria-hidden />
            </button>
            <button
              title={t('queue.forget')}
              aria-label={t('queue.forgetOf', { name })}
              onClick={() => forget([id])}
            >
              <Trash2 size={14} aria-hidden />
            </button>
          </>
        )}
      </span>
    </li>
  );
});

type T = Parameters<typeof duration>[1];

const stateText = (facts: RunFacts, share: number, t: T): string => {
  if (facts.state === 'running') return t('queue.share', { value: Math.floor(share * 100) });
  if (facts.error) return facts.error.split('\n')[0]!;
  return t(`queue.state.${facts.state}`);
};

const timeText = (facts: RunFacts, language: string, t: T): string => {
  if (facts.state === 'queued' || facts.finished === null || facts.started === null) {
    const at = new Date((facts.started ?? facts.submitted) * 1000);
    return at.toLocaleTimeString(language, { hour: '2-digit', minute: '2-digit' });
  }
  return duration(facts.finished - facts.started, t);
};
