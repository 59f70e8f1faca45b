import { useQuery } from '@tanstack/react-query';
import { CircleDashed, FastForward, Play, RotateCcw, SkipForward } from 'lucide-react';
import { useTranslation } from 'react-i18next';
import { useStore } from 'zustand';
import { api, ask, type Schemas } from '@/api/client';
import { queries } from '@/api/query';
import { canvasPath } from '@/core/running';
import { useWords } from '@/i18n/said';
import { duration } from '@/node/status';
import type { DocumentStore } from '@/state/document';
import { keysOf, showKeys } from './commands/keys';
import { canDo, doing, perform } from './commands/registry';
import css from './RunPlan.module.css';

type Step = Schemas['PlannedStep'];

const ICONS = { cached: RotateCcw, run: Play, open: CircleDashed, skip: SkipForward };

const ACTIONS = ['run.start', 'run.front', 'run.toHere'];

/** Before anything runs: what would, what is there already, and how long it may take. */
export function RunPlan({ store, onDone }: { store: DocumentStore; onDone(): void }) {
  const { t } = useTranslation(['runs', 'commands']);
  const words = useWords();
  const document = useStore(store, (state) => state.document);
  const { data, error, isPending } = useQuery(
    {
      queryKey: ['plan', store.getState().uid],
      queryFn: () =>
        ask(
          api.POST('/api/plan', {
            body: {
              workflow: document as unknown as Record<string, unknown>,
              inputs: {},
              only: [],
              seed: null,
              quick: false,
            },
          }),
        ),
      staleTime: 0,
      gcTime: 0,
      retry: false,
    },
    queries,
  );
  return (
    <div className={css.plan}>
      <h3 className={css.title}>{t('plan.title')}</h3>
      {isPending && <p className={css.note}>{t('plan.asking')}</p>}
      {error && <p className={css.wrong}>{words(error)}</p>}
      {data && <Summary planned={data} />}
      {data && <Steps steps={data.steps} />}
      <div className={css.actions}>
        {ACTIONS.map((id) => {
          const one = doing(id);
          const keys = one && keysOf(one)[0];
          return (
            <button
              key={id}
              className={css.action}
              disabled={!one || !canDo(one)}
              onClick={() => {
                onDone();
                perform(id);
              }}
            >
              {id === 'run.front' ? (
                <FastForward size={14} aria-hidden />
              ) : (
                <Play size={14} aria-hidden />
              )}
              <span>{t(`commands:${id}`)}</span>
              {keys && <kbd>{showKeys(keys)}</kbd>}
            </button>
          );
        })}
      </div>
    </div>
  );
}

function Summary({ planned }: { planned: Schemas['Planned'] }) {
  const { t } = useTranslation('runs');
  const { counts, seconds } = planned;
  const run = (counts['run'] ?? 0) + (counts['open'] ?? 0);
  return (
    <p className={css.summary}>
      <b>{run ? t('plan.toRun', { count: run }) : t('plan.nothing')}</b>
      {counts['cached'] ? <span>{t('plan.inCache', { count: counts['cached'] })}</span> : null}
      {seconds && run > 0 && (
        <span>
          {duration(seconds.low, t) === duration(seconds.high, t)
            ? t('plan.about', { time: duration(seconds.median, t) })
            : t('plan.time', { low: duration(seconds.low, t), high: duration(seconds.high, t) })}
        </span>
      )}
    </p>
  );
}

const MOST = 60;

function Steps({ steps }: { steps: readonly Step[] }) {
  const { t } = useTranslation('runs');
  return (
    <ol className={css.steps}>
      {steps.slice(0, MOST).map((step) => {
        const Icon = ICONS[step.state];
        return (
          <li key={step.id} data-state={step.state} title={step.note || undefined}>
            <Icon size={13} aria-hidden />
            <span className={css.step}>{canvasPath(step.id)}</span>
            <span className={css.what}>
              {step.note ||
                (step.seconds && step.state !== 'cached'
                  ? duration(step.seconds.median, t)
                  : t(`plan.${step.state}`))}
            </span>
          </li>
        );
      })}
      {steps.length > MOST && <li>{t('plan.more', { count: steps.length - MOST })}</li>}
    </ol>
  );
}
