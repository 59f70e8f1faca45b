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

/** Why a request did not succeed: a word for programs, and a sentence. */
export class ApiError extends Error {
  constructor(
    readonly code: string,
    message: string,
    readonly problems: readonly Schemas['Problem'][] = [],
  ) {
    super(message);
    this.name = 'ApiError';
  }
}

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
    throw new ApiError('offline', 'the server does not answer');
  }
  if (found.error !== undefined) {
    const fault = (found.error as { error?: Schemas['Fault'] }).error;
    throw new ApiError(
      fault?.code ?? 'unknown',
      fault?.message ?? String(found.error),
      fault?.problems,
    );
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
