/** What the user has starred: kept by the server, so that it is the same in every browser. */

import { useQuery } from '@tanstack/react-query';
import { useMemo } from 'react';
import { api, ask } from '@/api/client';
import { queries } from '@/api/query';
import { listen } from '@/state/runs/server';
import { complain } from '@/state/runs/submit';

const NAME = 'stars';
const KEY = ['preferences'];

const read = (preferences: Record<string, unknown> | undefined): string[] => {
  const found = preferences?.[NAME];
  return Array.isArray(found) ? (found as string[]) : [];
};

const query = {
  queryKey: KEY,
  queryFn: async () => (await ask(api.GET('/api/preferences'))).preferences,
};

export const useStars = (): ReadonlySet<string> => {
  const { data } = useQuery(query, queries);
  return useMemo(() => new Set(read(data)), [data]);
};

/** Star results, or take the stars away if all of them have one. */
export async function toggleStars(identities: readonly string[]): Promise<void> {
  try {
    const known = read(await queries.fetchQuery({ ...query, staleTime: 0 }));
    const all = identities.every((one) => known.includes(one));
    const next = all
      ? known.filter((one) => !identities.includes(one))
      : [...new Set([...known, ...identities])];
    const { preferences } = await ask(
      api.PATCH('/api/preferences', { body: { preferences: { [NAME]: next } } }),
    );
    queries.setQueryData(KEY, preferences);
  } catch (error) {
    complain(error);
  }
}

listen('preferences', () => void queries.invalidateQueries({ queryKey: KEY }));
