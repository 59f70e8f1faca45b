import { describe, expect, it } from 'vitest';
import type { UnreadableKey } from './canonical';
import { canonical, NotJson, pretty, readJson, UnreadableJson } from './canonical';
import type { Json } from './document';
import { textOf, vectors } from './testing/contract';

interface TextCase {
  name: string;
  json?: string;
  text?: string;
  repeat?: [string, number][];
  refused?: boolean;
}

describe('canonical text (tests/contract/canonical.json)', () => {
  it.each(vectors<TextCase>('canonical'))('$name', (given) => {
    const text = textOf(given, 'json');
    if (given.refused) {
      expect(() => readJson(text)).toThrow(UnreadableJson);
      return;
    }
    const expected = given.text ?? text;
    expect(canonical(readJson(text))).toBe(expected);
    expect(canonical(readJson(expected))).toBe(expected);
  });
});

interface FileCase {
  name: string;
  document?: { [name: string]: Json };
  json?: string;
  repeat?: [string, number][];
  lines?: string[];
  same?: boolean;
}

const files = vectors<FileCase>('workflows');

describe('the text of a workflow file (tests/contract/workflows.json)', () => {
  it.each(files.filter((given) => given.lines))('$name', ({ lines }) => {
    const text = lines!.map((line) => `${line}\n`).join('');
    expect(pretty(readJson(text) as { [name: string]: Json })).toBe(text);
  });

  it.each(files.filter((given) => given.same))('$name', ({ document }) => {
    expect(readJson(pretty(document!))).toEqual(document);
  });
});

describe('reading', () => {
  it.each<[string, UnreadableKey, Record<string, string | number>]>([
    ['{"a": 1,\n "b": }', 'json.syntax', { line: 2, column: 7 }],
    ['{"a": {"b": 1, "b": 2}}', 'json.duplicate', { key: 'b' }],
    ['[-Infinity]', 'json.constant', { word: '-Infinity' }],
    ['[9007199254740993]', 'json.integer', { number: '9007199254740993' }],
    ['1e999', 'json.range', { number: '1e999' }],
    ['"\\ud800"', 'json.surrogate', {}],
    ['"\ud800"', 'json.surrogate', {}],
  ])('says of %j: %s', (text, key, args) => {
    let caught: unknown;
    try {
      readJson(text);
    } catch (error) {
      caught = error;
    }
    expect(caught).toBeInstanceOf(UnreadableJson);
    expect(caught).toMatchObject({ key, args });
  });

  it.each(['100000000000000000000', '9007199254740992', '-18014398509481984'])(
    'keeps %s, a whole double that is written so',
    (text) => expect(canonical(readJson(text))).toBe(text),
  );

  it('takes a key named __proto__ for what it is', () => {
    const value = readJson('{"__proto__": {"polluted": true}}') as { polluted?: Json };
    expect(value.polluted).toBeUndefined();
    expect(Object.keys(value)).toEqual(['__proto__']);
  });

  it('reads and writes as deep as the engine does and no deeper', () => {
    const nested = (depth: number, inner: string) => '['.repeat(depth) + inner + ']'.repeat(depth);
    expect(canonical(readJson(nested(200, '1')))).toBe(nested(200, '1'));
    expect(canonical(readJson(nested(201, '')))).toBe(nested(201, ''));
    for (const text of [nested(201, '1'), nested(202, '')]) {
      expect(() => readJson(text)).toThrow(UnreadableJson);
      expect(() => canonical(JSON.parse(text) as Json)).toThrow(NotJson);
    }
  });
});

describe('writing', () => {
  it('leaves out members that are undefined', () => {
    expect(canonical({ b: 1, a: undefined })).toBe('{"b":1}');
    expect(pretty({ nodes: { a: undefined } })).toBe('{\n  "nodes": {}\n}\n');
  });

  it.each([NaN, -Infinity, '\ud800', { '\udc00': 1 }, [undefined], 1n, () => 1])(
    'refuses %s',
    (value) => {
      expect(() => canonical(value as Json)).toThrow(NotJson);
      expect(() => pretty({ value: value as Json })).toThrow(NotJson);
    },
  );
});
