/** The models that the server can open; asked for when a menu of them is first looked at. */

import { create } from 'zustand';
import { api, ask, type Schemas } from '@/api/client';

export type Model = Schemas['Model'];

/** Null until they are known. */
export const useModels = create<{ models: readonly Model[] | null }>(() => ({ models: null }));

let asked: Promise<void> | null = null;

/** Ask for the models, unless the answer is under way; what is known is shown meanwhile. */
export function loadModels(): Promise<void> {
  asked ??= ask(api.GET('/api/models'))
    .then(
      ({ models }) => useModels.setState({ models }),
      // Without an answer the name can still be typed.
      () => undefined,
    )
    .finally(() => (asked = null));
  return asked;
}
