/** What is heard to a motion: sounds and films that came out of the same run. */

import { useQuery } from '@tanstack/react-query';
import { useMemo } from 'react';
import { api, ask } from '@/api/client';
import { queries } from '@/api/query';
import { humanize } from '@/core/catalogue';
import { kindOfFile, type File } from '../kinds';
import { useViewer, type ViewerItem } from '../open';

export interface Sounding {
  asset: string;
  title: string;
  /** Whether it has an outline: what is a film has not. */
  outline: boolean;
}

type Heard = readonly { title: string; file: File }[];

/** What can be heard, sounds before films, each once. */
export function soundsOf(files: Heard): Sounding[] {
  const found = new Map<string, Sounding>();
  for (const wanted of ['sound', 'film'])
    for (const { title, file } of files)
      if (kindOfFile(file) === wanted && !found.has(file.asset))
        found.set(file.asset, { asset: file.asset, title, outline: wanted === 'sound' });
  return [...found.values()];
}

const outputsOf = async (run: string): Promise<Heard> => {
  const { outputs } = await ask(api.GET('/api/runs/{id}', { params: { path: { id: run } } }));
  return Object.entries(outputs).flatMap(([name, { files }]) =>
    files.map((file) => ({ title: humanize(name), file })),
  );
};

/** Sounds beside a motion: what is looked at with it, and what its run gave. */
export function useSounds({ runId }: ViewerItem): readonly Sounding[] {
  const items = useViewer((state) => state.viewing?.items);
  const { data } = useQuery(
    {
      queryKey: ['heard', runId],
      queryFn: () => outputsOf(runId!),
      enabled: runId !== undefined,
    },
    queries,
  );
  return useMemo(() => {
    const beside = (items ?? []).flatMap(({ title, output }) =>
      output.files.map((file) => ({ title, file })),
    );
    return soundsOf([...beside, ...(data ?? [])]);
  }, [items, data]);
}
