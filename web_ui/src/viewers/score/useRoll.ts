import { useQuery } from '@tanstack/react-query';
import { api, ask } from '@/api/client';
import { queries } from '@/api/query';
import type { Roll } from './roll';

/** The notes of a score, as the server reads them. */
export const useRoll = (asset: string) =>
  useQuery(
    {
      queryKey: ['score', asset],
      queryFn: async () => {
        const path = { digest: asset };
        return (await ask(api.GET('/api/assets/{digest}/score', { params: { path } }))) as Roll;
      },
      staleTime: Infinity,
      retry: false,
    },
    queries,
  );

/** Tracks are told apart by the colours of the types, which are told apart by everybody. */
const COLOURS = ['audio', 'image', 'motion', 'conditioning', 'number', 'latent', 'text', 'model'];

export const colourOf = (track: number): string =>
  `var(--family-${COLOURS[track % COLOURS.length]})`;
