import { describe, expect, it } from 'vitest';
import { textOf, vectors } from './testing/contract';
import type { Bindings, Type } from './types';
import { fits, isJson, isList, NoType, parseType, printType, substitute, unify } from './types';

interface TypeCase {
  name: string;
  text?: string;
  repeat?: [string, number][];
  prints?: string;
  refused?: boolean;
  list?: boolean;
  optional?: boolean;
  json?: boolean;
}

describe('text forms of types (tests/contract/types.json)', () => {
  it.each(vectors<TypeCase>('types'))('$name', (given) => {
    const text = textOf(given, 'text');
    if (given.refused) {
      expect(() => parseType(text)).toThrow(NoType);
      return;
    }
    const type = parseType(text);
    expect(printType(type)).toBe(given.prints ?? text);
    expect(parseType(printType(type))).toEqual(type);
    if (given.list !== undefined) expect(isList(type)).toBe(given.list);
    if (given.optional !== undefined) expect(type.optional).toBe(given.optional);
    if (given.json !== undefined) expect(isJson(type)).toBe(given.json);
  });

  it('reads a text once and gives the same type again', () => {
    expect(parseType('list[Image | None]')).toBe(parseType('list[Image | None]'));
  });

  it('refuses a wrong text each time that it is asked', () => {
    for (let time = 0; time < 2; time += 1) expect(() => parseType('Image |')).toThrow(NoType);
  });
});

interface FitCase {
  name: string;
  source?: string;
  target?: string;
  sources?: string[];
  targets?: string[];
  how?: string;
  names?: string[];
  bindings?: Record<string, string> | null;
}

describe('what fits what (tests/contract/fits.json)', () => {
  it.each(vectors<FitCase>('fits'))('$name', (given) => {
    const sources = (given.sources ?? [given.source!]).map(parseType);
    const targets = (given.targets ?? [given.target!]).map(parseType);
    expect(given.how !== undefined || given.bindings !== undefined).toBe(true);
    if (given.how !== undefined) {
      const fit = fits(sources[0]!, targets[0]!);
      expect(fit.how).toBe(given.how);
      expect(fit.why !== undefined).toBe(fit.how === 'no');
      const args = Object.values(fit.why?.args ?? {});
      for (const name of given.names ?? []) expect(args).toContain(name);
    }
    if (given.bindings !== undefined) expect(bound(sources, targets)).toEqual(given.bindings);
  });
});

function bound(sources: Type[], targets: Type[]): Record<string, string> | null {
  const bindings: Bindings = new Map();
  expect(sources.length).toBe(targets.length);
  const taken = sources.map((source, index) => unify(source, targets[index]!, bindings));
  if (taken.includes(false)) return null;
  return Object.fromEntries([...bindings].map(([name, type]) => [name, printType(type)]));
}

describe('why something does not fit', () => {
  const why = (source: string, target: string) => fits(parseType(source), parseType(target)).why;

  it.each([
    ['Motion', 'Image', 'fits.no', {}],
    ['Image', 'Mask', 'fits.remedy', { remedy: 'image.to_mask' }],
    ['Text', 'Integer', 'fits.remedies', { remedy: 'core.to_number', then: 'core.round' }],
    ['list[list[Image]]', 'Image', 'fits.nested', { remedy: 'core.flatten' }],
    ['Image | None', 'Image', 'fits.optional', { remedy: 'core.first' }],
    ['Text', 'Choice["a"]', 'fits.choice', {}],
  ])('says of %s at %s: %s', (source, target, key, args) => {
    expect(why(source, target)).toEqual({ key, args: { source, target, ...args } });
  });
});

describe('substitute', () => {
  const bindings: Bindings = new Map([
    ['$T', parseType('Image')],
    ['$M', parseType('Text | None')],
  ]);

  it.each([
    ['$T', 'Image'],
    ['list[$T]', 'list[Image]'],
    ['list[$T | None] | None', 'list[Image | None] | None'],
    ['$M', 'Text | None'],
    ['$Unbound', 'Json'],
    ['Choice["a"] | None', 'Choice["a"] | None'],
  ])('makes of %s: %s', (text, expected) => {
    expect(printType(substitute(parseType(text), bindings))).toBe(expected);
  });
});
