import { ChevronDown, ListOrdered, Minus, Play, Plus, Square, TriangleAlert } from 'lucide-react';
import { Popover } from 'radix-ui';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { useStore } from 'zustand';
import type { DocumentStore } from '@/state/document';
import { book, usePaused, useQueue, useRun } from '@/state/runs';
import { setBatchCount, useBatch } from '@/state/runs/batch';
import { useAllProblems } from '@/state/runs/problems';
import { togglePanel, useWorkspace } from '@/state/workspace';
import { keysOf, showKeys } from './commands/keys';
import { doing, perform } from './commands/registry';
import { RunPlan } from './RunPlan';
import css from './RunBar.module.css';

const RUN = 'run.start';
const STOP = 'run.stop';

const showProblems = (): void => useWorkspace.setState({ bottom: 'problems' });
const showQueue = (): void => togglePanel('bottom', 'queue');

/** A tooltip with the keys of what a button does. */
const hint = (text: string, id: string): string => {
  const one = doing(id);
  const keys = one ? keysOf(one)[0] : undefined;
  return keys ? `${text}  ${showKeys(keys)}` : text;
};

/** What runs the document: at the right of the top bar. */
export function RunBar() {
  const store = useWorkspace(({ documents, active }) =>
    documents.find((one) => one.getState().uid === active),
  );
  return store ? <Controls store={store} key={store.getState().uid} /> : null;
}

function Controls({ store }: { store: DocumentStore }) {
  const { t } = useTranslation('runs');
  const { uid } = store.getState();
  const problems = useAllProblems(uid);
  const empty = useStore(store, (state) => state.projected.views.size === 0);
  const [open, setOpen] = useState(false);
  return (
    <div className={css.bar} role="group" aria-label={t('bar.label')}>
      {problems.length > 0 && (
        <button className={css.problems} onClick={showProblems}>
          <TriangleAlert size={14} aria-hidden />
          {t('problems', { count: problems.length })}
        </button>
      )}
      <QueueChip />
      <Stop />
      <Count />
      <span className={css.run}>
        <button
          className={css.primary}
          disabled={empty}
          title={hint(t('bar.runHint'), RUN)}
          onClick={() => perform(RUN)}
        >
          <Play size={14} fill="currentColor" aria-hidden />
          {t('bar.run')}
        </button>
        <Popover.Root open={open} onOpenChange={setOpen}>
          <Popover.Trigger asChild>
            <button className={css.more} disabled={empty} aria-label={t('bar.more')}>
              <ChevronDown size={14} aria-hidden />
            </button>
          </Popover.Trigger>
          <Popover.Portal>
            <Popover.Content className={css.popover} align="end" sideOffset={8}>
              <RunPlan store={store} onDone={() => setOpen(false)} />
            </Popover.Content>
          </Popover.Portal>
        </Popover.Root>
      </span>
    </div>
  );
}

/** What runs and how much waits; opens the queue. */
function QueueChip() {
  const { t } = useTranslation('runs');
  const queue = useQueue();
  const paused = usePaused();
  const first = queue[0];
  const facts = useRun(first ?? '');
  if (!queue.length && !paused) return null;
  const running = facts?.state === 'running';
  const waiting = queue.filter((id) => book.runs.get(id)?.facts.state === 'queued').length;
  const said = [
    running ? facts.name || t('untitled') : '',
    waiting ? t('bar.waiting', { count: waiting }) : '',
    paused ? t('bar.paused') : '',
  ].filter(Boolean);
  return (
    <button className={css.chip} title={t('bar.queue')} onClick={showQueue}>
      {running ? <span className={css.pulse} aria-hidden /> : <ListOrdered size={14} aria-hidden />}
      <span className={css.chipText}>{said.join(' · ')}</span>
    </button>
  );
}

function Stop() {
  const { t } = useTranslation('runs');
  const queue = useQueue();
  const running = queue.some((id) => book.runs.get(id)?.facts.state === 'running');
  return (
    <button
      className={css.stop}
      disabled={!running}
      title={hint(t('bar.stop'), STOP)}
      aria-label={t('bar.stop')}
      onClick={() => perform(STOP)}
    >
      <Square size={13} fill="currentColor" aria-hidden />
    </button>
  );
}

/** How many runs one press is. */
function Count() {
  const { t } = useTranslation('runs');
  const count = useBatch((state) => state.count);
  return (
    <span className={css.count} title={t('bar.countHint')}>
      <button
        aria-label={t('bar.fewer')}
        disabled={count <= 1}
        onClick={() => setBatchCount(count - 1)}
      >
        <Minus size={12} aria-hidden />
      </button>
      <input
        aria-label={t('bar.count')}
        inputMode="numeric"
        value={count}
        onChange={(event) => setBatchCount(Number(event.target.value.replace(/\D/g, '')))}
        onFocus={(event) => event.target.select()}
      />
      <button aria-label={t('bar.moreRuns')} onClick={() => setBatchCount(count + 1)}>
        <Plus size={12} aria-hidden />
      </button>
    </span>
  );
}
