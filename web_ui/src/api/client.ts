/** Requests to the server, typed by its own description. */

import createClient from 'openapi-fetch';
import type { components, paths } from './schema.gen';

export type Schemas = components['schemas'];

export const api = createClient<paths>({
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
  const token = new URLSearchParams(location.hash.slice(1)).get('t');
  if (!token) return;
  const answer = await fetch('/api/session', {
    method: 'POST',
    headers: { 'X-Requested-By': 'musegraph', Authorization: `Bearer ${token}` },
  });
  if (answer.ok) history.replaceState(null, '', location.pathname);
}

export const assetUrl = (digest: string): string => `/api/assets/${digest}`;

export const thumbnailUrl = (digest: string, size: number): string =>
  `/api/assets/${digest}/thumbnail?size=${size}`;
