/** How a node looks: made of the steps that it has in the runs of its document. */

import type { RunEntry } from './book';
import type { Progress, Step } from './step';

export type NodeStatus = 'queued' | 'running' | 'cached' | 'done' | 'failed' | 'skipped';

/** What a node gave in a run. */
export interface NodeResult {
  run: string;
  /** Path of the step; that of the last turn, if it is repeated. */
  step: string;
  /** Identities by output; of a graph none, its outputs stand inside. */
  outputs: Readonly<Record<string, string>>;
}

export interface NodeRun {
  status: NodeStatus;
  run: string;
  /** Whether it, or something above it, has changed since. */
  stale: boolean;
  began: number | null;
  seconds: number | null;
  progress: Progress | null;
  /** The latest picture of its progress, as a data URL. */
  preview: string | null;
  error: { code: string; message: string; detail: string | null } | null;
  because: string | null;
  warnings: readonly string[];
  makeshift: boolean;
  /** What it gave last, in this run or one before. */
  result: NodeResult | null;
}

const isOn = (run: RunEntry): boolean =>
  run.facts.state === 'queued' || run.facts.state === 'running';

interface Found {
  run: RunEntry;
  step: Step;
}

/** How a node is, by the runs of its document, the latest first; null if no run was about it. */
export function nodeRun(
  runs: readonly RunEntry[],
  path: string,
  isStale: (run: RunEntry) => boolean,
): NodeRun | null {
  let running: Found | null = null;
  let pending: RunEntry | null = null;
  let latest: Found | null = null;
  let result: NodeResult | null = null;
  for (const run of runs) {
    const step = stepAt(run, path);
    if (isOn(run) && (!step || step.state === 'waiting')) {
      if (run.paths?.has(path) ?? false) pending = run;
      continue;
    }
    if (!step || step.state === 'waiting') continue;
    if (step.state === 'running') {
      if (isOn(run)) running ??= { run, step };
      continue;
    }
    latest ??= { run, step };
    if (!result && (step.state === 'done' || step.state === 'cached'))
      result = { run: run.id, step: step.path, outputs: step.outputs };
    if (latest && result) break;
  }
  if (running) return shown(running, 'running', false, result);
  if (pending) return waiting(pending, result);
  if (!latest) return null;
  return shown(latest, FINAL[latest.step.state] ?? 'failed', isStale(latest.run), result);
}

const FINAL: Partial<Record<Step['state'], NodeStatus>> = {
  done: 'done',
  cached: 'cached',
  skipped: 'skipped',
};

const shown = (
  { run, step }: Found,
  status: NodeStatus,
  stale: boolean,
  result: NodeResult | null,
): NodeRun => ({
  status,
  run: run.id,
  stale,
  began: step.began,
  seconds: step.seconds,
  progress: step.progress,
  preview: step.preview,
  error:
    status === 'failed'
      ? (step.error ?? { code: step.state, message: step.because ?? '', detail: null })
      : null,
  because: step.because,
  warnings: step.warnings,
  makeshift: step.makeshift,
  result,
});

const waiting = (run: RunEntry, result: NodeResult | null): NodeRun => ({
  status: 'queued',
  run: run.id,
  stale: false,
  began: null,
  seconds: null,
  progress: null,
  preview: null,
  error: null,
  because: null,
  warnings: [],
  makeshift: false,
  result,
});

/** The step of a node in a run; of a graph, all that stands in it taken together. */
const stepAt = (run: RunEntry, path: string): Step | undefined => {
  const own = run.steps.get(path);
  if (own) return own.length === 1 ? own[0] : together(own, path, own.length);
  const inside = run.inside.get(path);
  if (!inside) return undefined;
  const steps = [...inside].flatMap((one) => run.steps.get(one) ?? []);
  const all = [...(run.paths ?? [])].filter(
    (one) => one.startsWith(`${path}/`) && !run.inside.has(one),
  ).length;
  return together(steps, path, Math.max(all, steps.length));
};

/** Several steps as one: failed if one failed, running until all have ended. */
const together = (steps: readonly Step[], path: string, all: number): Step | undefined => {
  const first = steps[0];
  if (!first) return undefined;
  const count = (...states: Step['state'][]) =>
    steps.filter((one) => states.includes(one.state)).length;
  const bad = steps.find((one) => one.state === 'failed' || one.state === 'lost');
  const busy = steps.find((one) => one.state === 'running');
  const over = count('done', 'cached', 'skipped');
  const last = steps.findLast((one) => one.state === 'done' || one.state === 'cached');
  const seconds = steps.reduce((sum, one) => sum + (one.seconds ?? 0), 0);
  const state: Step['state'] = bad
    ? bad.state
    : over < all
      ? over || busy
        ? 'running'
        : 'waiting'
      : count('cached') === over
        ? 'cached'
        : count('done')
          ? 'done'
          : 'skipped';
  return {
    ...first,
    path: last?.path ?? path,
    state,
    began: busy?.began ?? null,
    seconds,
    progress:
      state === 'running'
        ? { done: over, total: all, text: busy?.progress?.text ?? null, item: null, items: null }
        : null,
    preview: busy?.preview ?? null,
    outputs: last?.outputs ?? {},
    error: bad?.error ?? null,
    because: steps.find((one) => one.because)?.because ?? null,
    warnings: steps.flatMap((one) => one.warnings),
    makeshift: steps.some((one) => one.makeshift),
  };
};

/** Whether two look the same. */
export const sameNodeRun = (a: NodeRun, b: NodeRun): boolean =>
  (Object.keys(a) as (keyof NodeRun)[]).every((key) =>
    key === 'result'
      ? a.result?.run === b.result?.run &&
        a.result?.step === b.result?.step &&
        a.result?.outputs === b.result?.outputs
      : key === 'warnings'
        ? a.warnings === b.warnings || (!a.warnings.length && !b.warnings.length)
        : a[key] === b[key],
  );
