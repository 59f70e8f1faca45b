/** How a node is, in words. */

import type { TFunction } from 'i18next';
import { inWords } from '@/i18n/said';
import type { NodeRun } from '@/state/runs';

/** How it looks: what is out of date looks other than what is as it was. */
export type StatusLook = NodeRun['status'] | 'stale';

export const lookOf = (run: NodeRun): StatusLook =>
  run.stale && (run.status === 'done' || run.status === 'cached') ? 'stale' : run.status;

/** A time as people say it: `0.4 s`, `12 s`, `3:05 min`. */
export const duration = (seconds: number, t: TFunction): string => {
  if (seconds < 60)
    return t('runs:seconds', {
      value: seconds < 9.95 ? Math.max(0.1, seconds).toFixed(1) : Math.round(seconds),
    });
  const whole = Math.round(seconds);
  const minutes = Math.floor(whole / 60);
  return minutes < 60
    ? t('runs:minutes', { value: `${minutes}:${String(whole % 60).padStart(2, '0')}` })
    : t('runs:hours', {
        value: `${Math.floor(minutes / 60)}:${String(minutes % 60).padStart(2, '0')}`,
      });
};

/** How much of a step is done, from 0 to 1; null if it does not say. */
export const share = ({ progress }: NodeRun): number | null => {
  if (!progress) return null;
  const { done, total, item, items } = progress;
  const part = total > 0 ? Math.min(1, done / total) : 0;
  if (items === null || item === null) return total > 0 ? part : null;
  return Math.min(1, (item + part) / Math.max(1, items));
};

/** Seconds that a step is expected to take from now on; null as long as nobody can tell. */
export const secondsLeft = (run: NodeRun, now: number): number | null => {
  const part = share(run);
  if (part === null || part <= 0.02 || run.began === null) return null;
  const spent = (now - run.began) / 1000;
  return spent < 1 ? null : (spent * (1 - part)) / part;
};

/** The few words that stand in the header of the node. */
export const shortStatus = (run: NodeRun, t: TFunction, now: number): string => {
  const look = lookOf(run);
  if (look === 'running') {
    const part = share(run);
    if (part === null) return t('runs:status.running');
    const left = secondsLeft(run, now);
    const percent = t('runs:percent', { value: Math.floor(part * 100) });
    return left !== null && left >= 1 ? `${percent} · ${duration(left, t)}` : percent;
  }
  if (look === 'done' && run.seconds !== null) return duration(run.seconds, t);
  return t(`runs:status.${look}`);
};

/** Why a step was skipped, as the engine has it; else it is the node that failed before it. */
const REASONS: Readonly<Record<string, string>> = {
  'the run was cancelled': 'cancelled',
  'it is muted': 'muted',
  'its source was skipped': 'source',
};

const skippedBecause = (because: string, t: TFunction): string => {
  const known = REASONS[because];
  if (known) return t(`runs:because.${known}`);
  return because.includes(' ') ? because : t('runs:because.node', { node: because });
};

/** The whole sentence, for a tooltip and for those who listen. */
export const longStatus = (run: NodeRun, t: TFunction, now: number): string => {
  const look = lookOf(run);
  const said = [t(`runs:long.${look}`)];
  const { progress } = run;
  if (look === 'running' && progress) {
    const part = share(run);
    if (part !== null) said.push(t('runs:percent', { value: Math.floor(part * 100) }));
    if (progress.items !== null && progress.item !== null)
      said.push(t('runs:item', { item: progress.item + 1, items: progress.items }));
    if (progress.text) said.push(progress.text);
    const left = secondsLeft(run, now);
    if (left !== null) said.push(t('runs:left', { time: duration(left, t) }));
  }
  if ((look === 'done' || look === 'stale') && run.seconds !== null)
    said.push(duration(run.seconds, t));
  if (run.error?.message) said.push(inWords(run.error));
  if (run.status === 'skipped' && run.because) said.push(skippedBecause(run.because, t));
  if (run.makeshift) said.push(t('runs:makeshift'));
  said.push(...run.warnings);
  return said.join(' · ');
};
