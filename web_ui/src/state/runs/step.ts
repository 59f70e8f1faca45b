/** A step of a run, and what each event makes of it. */

import type { Schemas } from '@/api/client';

export type StepState = Schemas['StepState'];
export type Progress = Schemas['Progress'];

export interface Step {
  /** Its path in the run, with the turns of what is repeated. */
  path: string;
  state: StepState['state'];
  /** When it began, by the clock of this browser, in milliseconds. */
  began: number | null;
  seconds: number | null;
  progress: Progress | null;
  preview: string | null;
  outputs: Readonly<Record<string, string>>;
  error: StepState['error'];
  because: string | null;
  warnings: readonly string[];
  makeshift: boolean;
}

/** A step of which nothing is known yet. */
export const newStep = (path: string): Step => ({
  path,
  state: 'waiting',
  began: null,
  seconds: null,
  progress: null,
  preview: null,
  outputs: {},
  error: null,
  because: null,
  warnings: [],
  makeshift: false,
});

type StepEvent =
  | Schemas['StepStarted']
  | Schemas['StepProgress']
  | Schemas['StepDone']
  | Schemas['StepFailed']
  | Schemas['StepSkipped']
  | Schemas['Warned'];

/** Warnings of a step that are kept. */
const WARNINGS = 10;

/** The step after an event; the same one if it came late and says nothing any more. */
export const after = (step: Step, event: StepEvent, now: number): Step => {
  switch (event.type) {
    case 'step_started':
      return { ...newStep(step.path), state: 'running', began: now };
    case 'step_progress': {
      if (step.state !== 'running') return step;
      const { done, total, text = null, item = null, items = null } = event;
      const progress = { done, total, text, item, items };
      return { ...step, progress, preview: event.preview ?? step.preview };
    }
    case 'step_done':
      return {
        ...step,
        state: event.cached ? 'cached' : 'done',
        seconds: event.seconds,
        outputs: event.outputs,
        progress: null,
        preview: null,
        makeshift: event.makeshift ?? false,
      };
    case 'step_failed': {
      const { code, message, detail = null, sentence = null, parts = null } = event;
      const error = { code, message, detail, sentence, parts };
      return { ...step, state: 'failed', progress: null, error };
    }
    case 'step_skipped':
      return { ...step, state: 'skipped', because: event.because };
    case 'warning':
      return { ...step, warnings: [...step.warnings.slice(1 - WARNINGS), event.message] };
  }
};

/** Whether the line that the server keeps of a failed run is what this step says. */
export const saysOf = ({ path, error }: Pick<Step, 'error' | 'path'>, line: string): boolean =>
  error !== null && line === `${path}: ${error.message}`;
