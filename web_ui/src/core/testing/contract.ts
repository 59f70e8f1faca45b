import { readFileSync } from 'node:fs';

/** Pieces of a text, each with how many times it is written. */
type Pieces = readonly (readonly [string, number])[];

interface Named {
  readonly name: string;
  readonly repeat?: Pieces;
}

/** The cases of a file of `tests/contract`, which the engine is held to as well. */
export function vectors<Case extends Named>(file: string): Case[] {
  const path = new URL(`../../../../tests/contract/${file}.json`, import.meta.url);
  return (JSON.parse(readFileSync(path, 'utf8')) as { cases: Case[] }).cases;
}

/** The text of a case: written out, or built from the pieces of `repeat`. */
export function textOf<Member extends string>(
  given: { readonly repeat?: Pieces } & { readonly [M in Member]?: string },
  member: Member,
): string {
  if (given.repeat) return given.repeat.map(([piece, times]) => piece.repeat(times)).join('');
  return given[member] ?? '';
}
