/** What a node gave in earlier runs. */

import { useQuery } from '@tanstack/react-query';
import { queries } from '@/api/query';
import { book } from '@/state/runs';
import { fetchValue, viewerItems } from '@/state/runs/values';
import { kindOf } from '../kinds';
import type { ViewerItem } from '../open';

const MOST = 24;
const NONE: readonly ViewerItem[] = [];

/** Runs in which the same step gave something else, the latest first. */
function runsWith({ runId, node, port, output }: ViewerItem): string[] {
  const seen = new Set([output.identity]);
  const found: string[] = [];
  const entries = [...book.runs.values()].sort(
    (a, b) => (b.facts.finished ?? b.facts.submitted) - (a.facts.finished ?? a.facts.submitted),
  );
  for (const entry of entries)
    for (const steps of entry.steps.values())
      for (const step of steps) {
        const identity = step.path === node && port ? step.outputs[port] : undefined;
        if (!identity || entry.id === runId || seen.has(identity)) continue;
        seen.add(identity);
        found.push(entry.id);
      }
  return found.slice(0, MOST);
}

async function earlier(item: ViewerItem): Promise<ViewerItem[]> {
  const { node, port, title } = item;
  if (!node || !port) return [];
  const values = await Promise.all(
    runsWith(item).map(async (run) => {
      const place = { run, step: node, port };
      // What a run gave may be gone by now: then it is not offered.
      const value = await fetchValue(place).catch(() => null);
      return value ? viewerItems(title, place, value) : [];
    }),
  );
  const own = item.output.files[0]?.asset;
  return values
    .flat()
    .filter((one) => kindOf(one) === 'picture' && one.output.files[0]?.asset !== own);
}

/** Pictures that the same node gave before. */
export const useHistory = (item: ViewerItem): readonly ViewerItem[] =>
  useQuery(
    {
      queryKey: ['earlier', item.runId, item.node, item.port, item.output.files[0]?.asset],
      queryFn: () => earlier(item),
      staleTime: 5_000,
    },
    queries,
  ).data ?? NONE;
