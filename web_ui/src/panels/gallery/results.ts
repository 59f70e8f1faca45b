/** Everything that came out of runs, the latest first: fetched page by page, kept as it grows. */

import { create } from 'zustand';
import { api, ask, type Schemas } from '@/api/client';
import { listen, onGap } from '@/state/runs/server';

type Run = Schemas['Run'];

export type Kind = 'picture' | 'sound' | 'video' | 'motion' | 'text' | 'other';

export const KINDS: readonly Kind[] = ['picture', 'video', 'sound', 'motion', 'text', 'other'];

export interface Result {
  key: string;
  run: string;
  /** What ran, and when it was over, in seconds since 1970. */
  name: string;
  time: number;
  output: string;
  kind: Kind;
  /** That of the value: what is starred. */
  identity: string;
  file: Schemas['OutputFile'] | null;
  value: unknown;
}

export const kindOf = (media: string, name: string): Kind => {
  if (media.startsWith('image/')) return 'picture';
  if (media.startsWith('audio/')) return 'sound';
  if (media.startsWith('video/')) return 'video';
  if (/\.(bvh|glb|npz)$/.test(name)) return 'motion';
  return media.startsWith('text/') ? 'text' : 'other';
};

/** What came out of one run. */
export const resultsOf = (run: Run): Result[] =>
  Object.entries(run.outputs).flatMap(([output, made]): Result[] => {
    const about = { run: run.id, name: run.name, time: run.finished ?? 0, output };
    if (made.files.length)
      return made.files.map((file, place) => ({
        ...about,
        key: `${run.id} ${output} ${place}`,
        kind: kindOf(file.media, file.name),
        identity: file.identity,
        file,
        value: null,
      }));
    if (made.value === null || made.value === undefined) return [];
    return [
      {
        ...about,
        key: `${run.id} ${output}`,
        kind: 'text',
        identity: made.identity,
        file: null,
        value: made.value,
      },
    ];
  });

export interface Filter {
  kind: Kind | '';
  workflow: string;
  /** Days back from now; 0 is any time. */
  days: number;
  starred: boolean;
  words: string;
}

export const NO_FILTER: Filter = { kind: '', workflow: '', days: 0, starred: false, words: '' };

export const chosenBy = (
  results: readonly Result[],
  filter: Filter,
  stars: ReadonlySet<string>,
  hidden: ReadonlySet<string>,
  now: number,
): readonly Result[] => {
  const words = filter.words.trim().toLowerCase();
  const since = filter.days ? now / 1000 - filter.days * 86_400 : 0;
  return results.filter(
    (one) =>
      (!filter.kind || one.kind === filter.kind) &&
      (!filter.workflow || one.name === filter.workflow) &&
      one.time >= since &&
      (!filter.starred || stars.has(one.identity)) &&
      !hidden.has(one.run) &&
      (!words ||
        `${one.name} ${one.output} ${one.file?.name ?? String(one.value)}`
          .toLowerCase()
          .includes(words)),
  );
};

interface Shelf {
  results: readonly Result[];
  /** Whether all there is has been fetched. */
  complete: boolean;
}

export const useResults = create<Shelf>(() => ({ results: [], complete: false }));

const PAGE = 500;

let fetching: Promise<void> | null = null;

/** Fetch the history, all of it; what is shown grows meanwhile. */
export const fetchResults = (): Promise<void> => {
  fetching ??= fetchAll().finally(() => (fetching = null));
  return fetching;
};

const fetchAll = async (): Promise<void> => {
  let before: number | null = null;
  let results: Result[] = [];
  for (;;) {
    const query: { limit: number; before?: number } = { limit: PAGE };
    if (before !== null) query.before = before;
    const { runs } = await ask(api.GET('/api/runs', { params: { query } }));
    results = [...results, ...runs.flatMap(resultsOf)];
    const complete = runs.length < PAGE;
    useResults.setState({ results, complete });
    if (complete) return;
    before = runs.at(-1)!.finished;
  }
};

listen('run', (event) => {
  if (event.type !== 'run' || event.facts.finished === null) return;
  const { results } = useResults.getState();
  if (results.some((one) => one.run === event.run)) return;
  const made = resultsOf(event.facts);
  if (made.length) useResults.setState({ results: [...made, ...results] });
});
listen('forgotten', (event) => {
  if (event.type !== 'forgotten') return;
  useResults.setState(({ results }) => ({
    results: results.filter((one) => one.run !== event.run),
  }));
});
onGap(() => void fetchResults());
