/** Why a run failed, in the user's language. */

import { useQuery } from '@tanstack/react-query';
import { useTranslation } from 'react-i18next';
import { api, ask } from '@/api/client';
import { queries } from '@/api/query';
import { useWords } from '@/i18n/said';
import { useFailedStep, useRun } from '@/state/runs';
import { saysOf } from './step';

/**
 * Why a run failed; null if it did not. The line that the server keeps of a run is English; the step
 * that it is about names its sentence, and is asked for if it is not known here.
 */
export function useFailure(id: string): string | null {
  const { t, i18n } = useTranslation('runs');
  const words = useWords();
  const facts = useRun(id);
  const known = useFailedStep(id);
  const line = facts?.state === 'failed' ? facts.error : null;
  const { data } = useQuery(
    {
      queryKey: ['failure', id],
      queryFn: () => ask(api.GET('/api/runs/{id}/state', { params: { path: { id } } })),
      enabled: line !== null && known === null && i18n.language !== 'en',
      staleTime: Infinity,
    },
    queries,
  );
  if (!line) return null;
  const asked = Object.entries(data?.steps ?? {}).map(([path, { error }]) => ({ path, error }));
  const step = known ?? asked.find((one) => saysOf(one, line));
  return step?.error ? t('failedAt', { path: step.path, reason: words(step.error) }) : line;
}
