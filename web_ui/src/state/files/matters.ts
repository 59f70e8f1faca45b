/** What is to be decided about an open file: shown above its canvas until it is, never as a question that blocks. */

import { create } from 'zustand';
import type { MissingPack } from '@/core/unknown';

export type Matter =
  /** It was saved from elsewhere since it was opened here. `changed` is in seconds since 1970. */
  | { kind: 'changed'; version: number; changed: number }
  /** It was moved to the bin. */
  | { kind: 'deleted' }
  /** Another tab of this browser has it open for writing. */
  | { kind: 'elsewhere' }
  /** It was closed with changes that were not saved. Times in seconds since 1970. */
  | { kind: 'draft'; key: string; time: number; fileTime: number }
  /** It has nodes that are not installed here. */
  | { kind: 'missing'; packs: readonly MissingPack[] }
  /** It was made with other versions of its packs: what was changed in it, or why it cannot be read. */
  | { kind: 'older'; packs: readonly string[]; said: readonly string[]; refused: boolean };

const NONE: readonly Matter[] = [];

export const useMatters = create<{ of: Readonly<Record<string, readonly Matter[]>> }>(() => ({
  of: {},
}));

export const mattersOf = (uid: string): readonly Matter[] => useMatters.getState().of[uid] ?? NONE;

/** Something is to be decided; it takes the place of what was of the same kind. */
export const raise = (uid: string, matter: Matter): void =>
  useMatters.setState(({ of }) => ({
    of: {
      ...of,
      [uid]: [...(of[uid] ?? NONE).filter((one) => one.kind !== matter.kind), matter],
    },
  }));

export const settle = (uid: string, kind: Matter['kind']): void => {
  if (mattersOf(uid).some((one) => one.kind === kind))
    useMatters.setState(({ of }) => ({
      of: { ...of, [uid]: of[uid]!.filter((one) => one.kind !== kind) },
    }));
};

export const forgetMatters = (uid: string): void =>
  useMatters.setState(({ of: { [uid]: _gone, ...of } }) => ({ of }));
