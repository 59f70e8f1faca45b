import { describe, expect, it } from 'vitest';
import { MAX_SEED, nextSeed, randomSeed } from './seeds';

/** Gives the numbers one after the other. */
const bits =
  (...given: number[]) =>
  () =>
    given.shift()!;

describe('the next seed', () => {
  it('is the same if it is fixed', () => expect(nextSeed(7, 'fixed')).toBe(7));

  it('is one more if it is incremented, and 0 after the last', () => {
    expect(nextSeed(7, 'increment')).toBe(8);
    expect(nextSeed(MAX_SEED - 1, 'increment')).toBe(MAX_SEED);
    expect(nextSeed(MAX_SEED, 'increment')).toBe(0);
  });

  it('may be any number from 0 to 2^53 − 1 if it is random', () => {
    expect(nextSeed(7, 'random', bits(0, 0))).toBe(0);
    expect(nextSeed(7, 'random', bits(0xffffffff, 0xffffffff))).toBe(MAX_SEED);
    expect(nextSeed(7, 'random', bits(1, 2))).toBe(2 ** 32 + 2);
    expect(nextSeed(7, 'random', bits(0xffe00000, 5))).toBe(5);
  });

  it('is another each time that the browser is asked', () => {
    const seeds = Array.from({ length: 100 }, () => randomSeed());
    expect(new Set(seeds).size).toBe(100);
    expect(seeds.every((seed) => Number.isSafeInteger(seed) && seed >= 0)).toBe(true);
  });
});
