/** Which seed the next run takes. A seed is a whole number that JSON holds exactly. */

import type { SeedMode } from './document';

export const MAX_SEED = Number.MAX_SAFE_INTEGER; // 2^53 − 1, as in the engine

/** A source of 32 random bits as a whole number; that of the browser unless a test brings its own. */
export type Bits = () => number;

const browserBits: Bits = () => crypto.getRandomValues(new Uint32Array(1))[0]!;

/** Any seed from 0 to 2^53 − 1, each as likely as the others. */
export function randomSeed(bits: Bits = browserBits): number {
  return (bits() & 0x1fffff) * 2 ** 32 + bits();
}

/** The seed after this one; after the last comes 0. */
export function nextSeed(seed: number, mode: SeedMode, bits: Bits = browserBits): number {
  if (mode === 'fixed') return seed;
  if (mode === 'random') return randomSeed(bits);
  return seed >= MAX_SEED ? 0 : seed + 1;
}
