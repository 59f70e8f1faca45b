/** Requests to the server, typed by its own description. */

import createClient from 'openapi-fetch';
import type { components, paths } from './schema.gen';

export type Schemas = components['schemas'];

/** The paths without the header that every change needs: the client below sends it by itself. */
type Free<P> = {
  [Path in keyof P]: {
    [M in keyof P[Path]]: P[Path][M] extends { parameters: { header: unknown } }
      ? Omit<P[Path][M], 'parameters'> & {
          parameters: Omit<P[Path][M]['parameters'], 'header'> & { header?: never };
        }
      : P[Path][M];
  };
};

export const api = createClient<Free<paths>>({
  baseUrl: location.origin,
  headers: { 'X-Requested-By': 'musegraph' },
  credentials: 'same-origin',
});

type Told = Pick<Schemas['Fault'], 'problems' | 'sentence' | 'parts'>;

/** Why a request did not succeed: a word for programs, and a sentence, also to be translated. */
export class ApiError extends Error {
  readonly problems: readonly Schemas['Problem'][];
  readonly sentence: string | null;
  readonly parts: Readonly<Record<string, string>>;

  constructor(
    readonly code: string,
    message: string,
    told: Partial<Told> = {},
  ) {
    super(message);
    this.name = 'ApiError';
    this.problems = told.problems ?? [];
    this.sentence = told.sentence ?? null;
    this.parts = told.parts ?? {};
  }
}

export const offline = (): ApiError =>
  new ApiError('offline', 'the server does not answer', { sentence: 'offline' });

interface Answer<D> {
  data?: D | undefined;
  error?: unknown;
}

/** The data of an answer; throws {@link ApiError} if it is none. */
export async function ask<D>(answer: Promise<Answer<D>>): Promise<D> {
  let found: Answer<D>;
  try {
    found = await answer;
  } catch {
    throw offline();
  }
  if (found.error !== undefined) {
    const fault = (found.error as { error?: Schemas['Fault'] }).error;
    throw new ApiError(fault?.code ?? 'unknown', fault?.message ?? String(found.error), fault);
  }
  return found.data as D;
}

/** Hand in the token of the address, once: from then on the browser has a cookie. */
export async function enter(): Promise<void> {
  const asked = new URLSearchParams(location.hash.slice(1));
  const token = asked.get('t');
  if (!token) return;
  const answer = await fetch('/api/session', {
    method: 'POST',
    headers: { 'X-Requested-By': 'musegraph', Authorization: `Bearer ${token}` },
  });
  if (!answer.ok) return;
  asked.delete('t');
  history.replaceState(null, '', location.pathname + (asked.size ? `#${asked}` : ''));
}

export const assetUrl = (digest: string): string => `/api/assets/${digest}`;

export const thumbnailUrl = (digest: string, size: number): string =>
  `/api/assets/${digest}/thumbnail?size=${size}`;
