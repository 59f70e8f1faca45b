/** Bytes and texts of files of the server. */

import { useQuery } from '@tanstack/react-query';
import { ApiError, assetUrl, offline, type Schemas } from '@/api/client';
import { queries } from '@/api/query';

async function get(asset: string, headers: Record<string, string> = {}): Promise<Response> {
  let answer: Response;
  try {
    answer = await fetch(assetUrl(asset), { credentials: 'same-origin', headers });
  } catch {
    throw offline();
  }
  if (answer.ok) return answer;
  const told = (await answer.json().catch(() => null)) as Partial<Schemas['Failure']> | null;
  throw new ApiError('missing', told?.error?.message ?? answer.statusText, told?.error);
}

/** The first bytes of a file. */
export const readStart = async (asset: string, count: number): Promise<Uint8Array> =>
  new Uint8Array(await (await get(asset, { Range: `bytes=0-${count - 1}` })).arrayBuffer());

export const readBlob = async (asset: string): Promise<Blob> => (await get(asset)).blob();

/** Texts are shown up to here; the file has the rest. */
export const MOST_TEXT = 8 << 20;

export interface FileText {
  text: string;
  /** Whether the file goes on. */
  cut: boolean;
}

const readText = async (asset: string, bytes: number): Promise<FileText> => {
  // How long a file is may not be known: 0.
  const read = await readStart(asset, MOST_TEXT);
  const cut = bytes > MOST_TEXT || (bytes === 0 && read.length === MOST_TEXT);
  return { text: new TextDecoder().decode(read), cut };
};

/** The text of a file, read once. */
export const useText = (asset: string | null, bytes: number) =>
  useQuery(
    {
      queryKey: ['text', asset],
      queryFn: () => readText(asset!, bytes),
      enabled: asset !== null,
      staleTime: Infinity,
      gcTime: 60_000,
    },
    queries,
  );
