/** Outlines of sounds, as the server reads them: a browser would have to hold all of a sound. */

import { useQuery } from '@tanstack/react-query';
import { ApiError } from '@/api/client';
import { queries } from '@/api/query';

/** In equal parts, by channel: lowest and highest sample, -1 to 1. */
export interface Peaks {
  sample_rate: number;
  frames: number;
  minima: number[][];
  maxima: number[][];
}

/** The outline of the first seconds. */
export function startOf(peaks: Peaks, seconds: number): Peaks {
  const whole = peaks.frames / peaks.sample_rate;
  const share = whole > seconds ? seconds / whole : 1;
  const cut = (parts: number[]): number[] => parts.slice(0, Math.ceil(parts.length * share));
  return { ...peaks, minima: peaks.minima.map(cut), maxima: peaks.maxima.map(cut) };
}

async function readPeaks(asset: string, bins: number): Promise<Peaks> {
  const answer = await fetch(`/api/assets/${asset}/peaks?bins=${bins}`, {
    credentials: 'same-origin',
  });
  if (!answer.ok) throw new ApiError('media', answer.statusText);
  return (await answer.json()) as Peaks;
}

export const usePeaks = (asset: string | null, bins: number) =>
  useQuery(
    {
      queryKey: ['peaks', asset, bins],
      queryFn: () => readPeaks(asset!, bins),
      enabled: asset !== null,
      staleTime: Infinity,
      retry: false,
    },
    queries,
  );
