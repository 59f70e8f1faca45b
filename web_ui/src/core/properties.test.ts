/** What holds for all types and all JSON values, tried on many that are made up. */

import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { canonical, pretty, readJson, type UnreadableJson } from './canonical';
import type { Json } from './document';
import { fits, isList, listOf, parseType, printType, substitute, unify, type Type } from './types';

/** That a property holds for many made-up values, the same ones each time. */
function holds<Values extends [unknown, ...unknown[]]>(
  ...given: [...{ [At in keyof Values]: fc.Arbitrary<Values[At]> }, (...values: Values) => void]
): void {
  const check = given.pop() as (...values: Values) => void;
  const arbitraries = given as unknown as { [At in keyof Values]: fc.Arbitrary<Values[At]> };
  const property = fc.property(fc.tuple(...arbitraries), (values) => {
    check(...(values as Values));
  });
  fc.assert(property, { seed: 20261128, numRuns: 500 });
}

const NAMES = ['Image', 'Mask', 'Text', 'Integer', 'Number', 'Seed', 'Boolean', 'Json', 'Model'];

const typeText = (names: readonly string[]) =>
  fc.letrec<{ type: string }>((tie) => ({
    type: fc.oneof(
      { depthSize: 'small', withCrossShrink: true },
      fc.constantFrom(...names),
      fc
        .uniqueArray(fc.string({ unit: 'grapheme' }), { minLength: 1, maxLength: 3 })
        .map((choices) => `Choice[${choices.map((c) => JSON.stringify(c)).join(',')}]`),
      tie('type').map((item) => `list[${item}]`),
      tie('type').map((item) => (item.endsWith(' | None') ? item : `${item} | None`)),
    ),
  })).type;

/** Types as outputs have them: without variables, which a run always knows. */
const known: fc.Arbitrary<Type> = typeText(NAMES).map(parseType);
const any: fc.Arbitrary<Type> = typeText([...NAMES, '$T', '$U']).map(parseType);

describe('types', () => {
  it('are read back as they were printed', () => {
    holds(any, (type) => expect(parseType(printType(type))).toEqual(type));
  });

  it('fit themselves', () => {
    holds(any, (type) => expect(fits(type, type).how).toBe('direct'));
  });

  it('are wrapped only where they fit the items', () => {
    const wrapped = (source: Type, target: Type) => {
      fc.pre(fits(source, target).how === 'wrap');
      expect(isList(target) && fits(source, target.item!).how).toBe('direct');
    };
    holds(known, known, wrapped);
    holds(known, (type) => expect(fits(type, listOf(type)).how).not.toBe('no'));
  });

  it('map only where their items fit', () => {
    const mapped = (item: Type, target: Type) => {
      const source = listOf(item);
      if (fits(source, target).how === 'map') expect(fits(item, target).how).toBe('direct');
      else if (fits(item, target).how === 'direct') {
        expect(fits(source, target).how).toMatch(/direct|wrap/);
      }
    };
    holds(known, any, mapped);
  });

  it('fit directly whatever is fit directly by what they fit', () => {
    const chained = (a: Type, b: Type, c: Type) => {
      // Seeds and integers fit each other, though a seed is never negative; so do texts and sources.
      fc.pre(fits(a, b).how === 'direct' && fits(b, c).how === 'direct');
      expect(fits(a, c).how).toBe('direct');
    };
    const near = fc.constantFrom(...['Integer', 'Number', 'Json', 'Json | None', 'Number | None']);
    const source = fc.constantFrom(...['Seed', 'Integer', 'Text', 'Boolean']).map(parseType);
    holds(source, near.map(parseType), near.map(parseType), chained);
  });

  it('are refused with a reason and only then', () => {
    const refused = (source: Type, target: Type) => {
      const { how, why } = fits(source, target);
      expect(why !== undefined).toBe(how === 'no');
      if (why) expect(why.args).toMatchObject({ source: source.text, target: target.text });
    };
    holds(known, any, refused);
  });

  it('have no variables left once these are replaced, and fit what took them', () => {
    const replaced = (source: Type, target: Type) => {
      const bindings = new Map<string, Type>();
      fc.pre(fits(source, target).how === 'direct' && unify(source, target, bindings));
      const made = substitute(target, bindings);
      expect(printType(made)).not.toContain('$');
      expect(fits(source, made).how).toBe('direct');
    };
    holds(known, typeText(['$T', 'Json', 'Image']).map(parseType), replaced);
  });
});

const json: fc.Arbitrary<Json> = fc
  .jsonValue({ stringUnit: 'grapheme', maxDepth: 5 })
  .map((value) => JSON.parse(JSON.stringify(value)) as Json);

describe('canonical text', () => {
  it('is JSON that says the same', () => {
    holds(json, (value) => expect(JSON.parse(canonical(value))).toEqual(value));
  });

  it('is read as JSON.parse reads it, and written again as it was', () => {
    const again = (value: Json) => {
      const text = canonical(value);
      expect(readJson(text)).toEqual(JSON.parse(text));
      expect(canonical(readJson(text))).toBe(text);
      expect(readJson(JSON.stringify(value, null, 3))).toEqual(value);
    };
    holds(json, again);
  });

  it('does not depend on the order of keys', () => {
    const object = fc.dictionary(fc.string({ unit: 'grapheme' }), json);
    const turned = (value: { [name: string]: Json }) => {
      const reversed = Object.fromEntries(Object.entries(value).reverse());
      expect(canonical(reversed)).toBe(canonical(value));
    };
    holds(object, turned);
  });

  it('of any text that is read is text that is read the same', () => {
    // Nearly JSON: pieces in any order. What is read at all, JSON.parse reads as well.
    const pieces = ['{', '}', '[', ']', ',', ':', '"a"', '"\\u00e9"', '1', '-0.5e3', 'null', ' '];
    const nearly = fc.array(fc.constantFrom(...pieces), { maxLength: 12 }).map((x) => x.join(''));
    const agrees = (text: string) => {
      const read = (reader: (text: string) => unknown) => {
        try {
          return { value: reader(text) };
        } catch (error) {
          return { error };
        }
      };
      const own = read(readJson);
      const native = read(JSON.parse);
      if ('value' in own) expect(own).toEqual(native);
      else if ('value' in native) expect((own.error as UnreadableJson).key).not.toBe('json.syntax');
    };
    holds(nearly, agrees);
  });
});

describe('the text of a workflow file', () => {
  it('is read back as the document that it was, the order of nodes with it', () => {
    const id = fc.stringMatching(/^[a-z]{1,6}$/);
    const document = fc.record({ nodes: fc.dictionary(id, json), other: json });
    const again = (value: { nodes: { [name: string]: Json }; other: Json }) => {
      const read = readJson(pretty(value)) as typeof value;
      expect(read).toEqual(value);
      expect(Object.keys(read.nodes)).toEqual(Object.keys(value.nodes));
      expect(pretty(read)).toBe(pretty(value));
    };
    holds(document, again);
  });
});
