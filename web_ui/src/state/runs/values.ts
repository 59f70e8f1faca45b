/** What stood at the outputs of runs, as the server has kept it. */

import { useQuery } from '@tanstack/react-query';
import { api, ask, thumbnailUrl, type Schemas } from '@/api/client';
import { queries } from '@/api/query';
import { stepOf } from '@/core/running';
import { book } from '@/state/runs';
import type { ViewerItem } from '@/viewers/open';

export type WireValue = Schemas['WireValue'];
export type ValuePart = Schemas['ValuePart'];

/** An output of a step of a run. */
export interface Place {
  run: string;
  step: string;
  port: string;
}

/** How many items of a list are asked for at once. */
export const PAGE = 16;

/** Where a node's output stands in the run that last gave it; null if none did. */
export const placeOf = (uid: string, path: string, port: string): Place | null => {
  const result = book.node(uid, path)?.result;
  const entry = result && book.runs.get(result.run);
  if (!result || !entry) return null;
  if (entry.steps.has(path)) return { run: result.run, step: result.step, port };
  // A graph: what it gives is made inside.
  if (!entry.workflow) return null;
  const parts = path.split('/');
  const graph = graphAround(entry.workflow, parts.slice(0, -1));
  if (graph === null) return null;
  const prefix = parts.slice(0, -1).map((part) => `${part}/`);
  const found = stepOf(entry.workflow, graph, prefix.join(''), { node: parts.at(-1)!, port });
  return found && { run: result.run, step: found.path, port: found.port };
};

const graphAround = (
  workflow: NonNullable<ReturnType<typeof book.runs.get>>['workflow'] & object,
  stack: readonly string[],
): string | null => {
  let graph = '';
  for (const id of stack) {
    const here = graph === '' ? workflow : workflow.graphs?.[graph];
    const type = here?.nodes?.[id]?.type;
    if (!type?.startsWith('graph:')) return null;
    graph = type.slice('graph:'.length);
  }
  return graph;
};

/** The identity of what stands there: what has the same is the same. */
const identityOf = ({ run, step, port }: Place): string => {
  const entry = book.runs.get(run);
  for (const steps of entry?.steps.values() ?? [])
    for (const one of steps) if (one.path === step && one.outputs[port]) return one.outputs[port];
  return `${run} ${step} ${port}`;
};

export const fetchValue = (place: Place, first = 0): Promise<WireValue> =>
  queries.fetchQuery({ ...valueQuery(place, first) });

const valueQuery = (place: Place, first: number) => ({
  queryKey: ['value', identityOf(place), first],
  queryFn: () =>
    ask(
      api.GET('/api/runs/{id}/value', {
        params: {
          path: { id: place.run },
          query: { node: place.step, port: place.port, first, count: PAGE },
        },
      }),
    ),
  staleTime: Infinity,
});

/** What stands at an output; asked for once, however often it is shown. */
export const useValue = (place: Place | null, first = 0) =>
  useQuery(
    place
      ? valueQuery(place, first)
      : { queryKey: ['value', 'none'], queryFn: () => null, enabled: false },
    queries,
  ) as { data: WireValue | null | undefined; error: Error | null; isPending: boolean };

/** A value as text in one line, or null where it is none. */
export const shortText = (value: unknown): string | null => {
  if (value === null || value === undefined) return null;
  if (typeof value === 'string') return value;
  if (typeof value === 'number')
    return Number.isInteger(value) ? String(value) : String(Number(value.toPrecision(6)));
  return JSON.stringify(value);
};

/** What a viewer shows of a value: its files as they are, or the value. */
export const viewerItems = (title: string, place: Place, value: WireValue): ViewerItem[] => {
  const about = { title, runId: place.run, node: place.step, port: place.port };
  if (value.form === 'json' || !value.parts.some((part) => part.files.length))
    return [
      {
        ...about,
        output: { identity: value.identity, value: value.value, files: [], problem: null },
      },
    ];
  return value.parts.flatMap((part) =>
    part.files.map((file) => ({
      ...about,
      output: { identity: part.identity, value: null, files: [file], problem: part.problem },
    })),
  );
};

/** A small picture that is at most twice as large as it is shown. */
export const pictureUrl = (asset: string, shown: number): string =>
  thumbnailUrl(asset, Math.min(1024, Math.max(64, Math.ceil((shown * 2) / 64) * 64)));

export const isPicture = (media: string): boolean =>
  media.startsWith('image/') && media !== 'image/svg+xml';
