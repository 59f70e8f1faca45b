/** The bytes of a file that is no text. */

import { useQuery } from '@tanstack/react-query';
import { queries } from '@/api/query';
import { readStart } from '../bytes';

/** Larger files are not read whole. */
const MOST_BYTES = 128 << 20;

const readWhole = async (asset: string): Promise<ArrayBuffer> => {
  const read = await readStart(asset, MOST_BYTES);
  return read.buffer as ArrayBuffer;
};

/** The bytes of a file, read once. */
export const useBytes = (asset: string | null) =>
  useQuery(
    {
      queryKey: ['bytes', asset],
      queryFn: () => readWhole(asset!),
      enabled: asset !== null,
      staleTime: Infinity,
      gcTime: 60_000,
    },
    queries,
  );
