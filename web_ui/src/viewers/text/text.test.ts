import { describe, expect, it } from 'vitest';
import { kindOf, kindOfFile, kindOfValue } from '../kinds';
import { polyline, statsOf } from './numbers';
import { blocksOf, findAll, piecesOf } from './search';
import { cellText, parseCsv, tableOf, toTsv } from './table';

describe('what is a table', () => {
  it('objects that share their keys', () => {
    expect(tableOf([{ a: 1, b: 2 }, { b: 3 }])).toEqual({
      columns: ['a', 'b'],
      rows: [[1, 2], [undefined, 3]], // prettier-ignore
    });
    expect(tableOf([{ a: 1 }, { b: 1 }, { c: 1 }])).toBeNull();
    expect(tableOf([{ a: 1 }, 2])).toBeNull();
    expect(tableOf([])).toBeNull();
  });

  it('lists of one length', () => {
    expect(tableOf([[1, 2], [3, 4]])?.columns).toEqual(['1', '2']); // prettier-ignore
    expect(tableOf([[1, 2], [3]])).toBeNull(); // prettier-ignore
    expect(tableOf([[[1], [2]], [[3], [4]]])).toBeNull(); // prettier-ignore
  });

  it('comma separated values, quoted as they may be', () => {
    const table = parseCsv('\ufeffname,says\r\n"Smith, J","""hi""\nthere"\r\nlast,');
    expect(table).toEqual({
      columns: ['name', 'says'],
      rows: [['Smith, J', '"hi"\nthere'], ['last', '']], // prettier-ignore
    });
    expect(parseCsv('a;b\n1,5;2')?.rows).toEqual([['1,5', '2']]);
    expect(parseCsv('a\tb\n1\t2\t3')?.columns).toEqual(['a', 'b', '3']);
  });

  it('and goes into a spreadsheet with a line for each row', () => {
    const table = { columns: ['a', 'b'], rows: [['x\ty', { z: 1 }]] };
    expect(toTsv(table)).toBe('a\tb\nx y\t{"z":1}');
    expect(cellText(null)).toBe('');
  });
});

describe('what something is', () => {
  it('is told by its media type, and by its name where there are only bytes', () => {
    const bytes = 'application/octet-stream';
    expect(kindOfFile({ media: 'image/png', name: 'x' })).toBe('picture');
    expect(kindOfFile({ media: bytes, name: 'walk.BVH' })).toBe('motion');
    expect(kindOfFile({ media: 'text/plain;charset=utf-8', name: 'a.png' })).toBe('text');
    expect(kindOfFile({ media: bytes, name: 'page.html' })).toBe('file');
    expect(kindOfFile({ media: 'image/svg+xml', name: 'a.svg' })).toBe('file');
    expect(kindOfFile({ media: 'application/safetensors', name: 'a.json' })).toBe('file');
  });

  it('is told by its form where it is a value', () => {
    expect([1, 'a', [1, 2], { a: 1 }, [{ a: 1 }], null].map(kindOfValue)).toEqual([
      'number',
      'text',
      'numbers',
      'json',
      'table',
      'json',
    ]);
    const none = { identity: 'x', value: null, files: [], problem: null };
    expect(kindOf({ title: '', output: none, runId: 'r', node: 'n', port: 'p' })).toBe('value');
    expect(kindOf({ title: '', output: none })).toBe('json');
  });
});

describe('searching a text', () => {
  it('finds a word in any case, once for each place', () => {
    expect(findAll('Abc abc aBC', 'abc')).toEqual([0, 4, 8]);
    expect(findAll('aaaa', 'aa')).toEqual([0, 2]);
    expect(findAll('text', '')).toEqual([]);
    expect(findAll('İx X', 'X')).toEqual([3]);
  });

  it('cuts a text into blocks and pieces that together are the text', () => {
    const text = `${'line of words\n'.repeat(300)}${'w'.repeat(900)}`;
    const blocks = blocksOf(text, 200);
    expect(blocks.map((one) => one.text).join('')).toBe(text);
    expect(blocks.length).toBeGreaterThan(15);
    const found = findAll(text, 'words');
    const pieces = blocks.flatMap((block) => piecesOf(block, found, 5));
    expect(pieces.map((one) => one.text).join('')).toBe(text);
    expect(pieces.filter((one) => one.found !== undefined)).toHaveLength(300);
  });
});

describe('numbers', () => {
  it('have figures and a course from the foot to the top of its box', () => {
    expect(statsOf([1, 3, 2])).toEqual({ count: 3, min: 1, max: 3, mean: 2, sum: 6 });
    expect(polyline([0, 10], 100, 50)).toBe('0.0,46.0 100.0,4.0');
  });
});
