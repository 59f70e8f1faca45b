/** The models that the server can open; asked for when a menu of them is first looked at. */

import { create } from 'zustand';
import { api, ask, type Schemas } from '@/api/client';

export type Model = Schemas['Model'];

/** Null until they are known; `unread` files are still being read by the server. */
export const useModels = create<{ models: readonly Model[] | null; unread: number }>(() => ({
  models: null,
  unread: 0,
}));

let asked: Promise<void> | null = null;

/** Ask for the models, unless the answer is under way; what is known is shown meanwhile. */
export function loadModels(): Promise<void> {
  // Without an answer the name can still be typed.
  asked ??= all()
    .catch(() => undefined)
    .finally(() => (asked = null));
  return asked;
}

/** The server reads new files for a second at a time; what it has found so far is shown. */
async function all(): Promise<void> {
  let left = Infinity;
  for (;;) {
    const { models, unread } = await ask(api.GET('/api/models'));
    useModels.setState({ models, unread });
    if (unread === 0 || unread >= left) return;
    left = unread;
  }
}

/** Where the picture beside a model is to be had. */
export const pictureUrl = (source: string, size: number): string =>
  `/api/models/picture?source=${encodeURIComponent(source)}&size=${size}`;

/** Bytes as people read them: 26 MB. */
export const sized = (bytes: number, locale: string): string => {
  const [unit, by] =
    bytes >= 1e9
      ? (['gigabyte', 1e9] as const)
      : bytes >= 1e6
        ? (['megabyte', 1e6] as const)
        : bytes >= 1e3
          ? (['kilobyte', 1e3] as const)
          : (['byte', 1] as const);
  return new Intl.NumberFormat(locale, {
    style: 'unit',
    unit,
    maximumFractionDigits: bytes >= 1e9 ? 1 : 0,
  }).format(bytes / by);
};
