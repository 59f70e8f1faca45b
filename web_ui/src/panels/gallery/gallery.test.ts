// @vitest-environment happy-dom
import { describe, expect, it } from 'vitest';
import { choose, NOTHING_CHOSEN, step } from './choosing';
import { chosenBy, NO_FILTER, resultsOf, type Result } from './results';

const KEYS = ['a', 'b', 'c', 'd', 'e'];
const PLAIN = { range: false, toggle: false };

describe('Q4: choosing results', () => {
  it('a click chooses one, Ctrl one more, Shift from there to here', () => {
    let choice = choose(NOTHING_CHOSEN, KEYS, 'b', PLAIN);
    choice = choose(choice, KEYS, 'd', { range: true, toggle: false });
    expect([...choice.chosen]).toEqual(['b', 'c', 'd']);
    choice = choose(choice, KEYS, 'a', { range: true, toggle: false });
    expect([...choice.chosen]).toEqual(['a', 'b']);
    choice = choose(choice, KEYS, 'e', { range: false, toggle: true });
    expect([...choice.chosen]).toEqual(['a', 'b', 'e']);
    choice = choose(choice, KEYS, 'e', { range: false, toggle: true });
    expect(choice.chosen.has('e')).toBe(false);
  });

  it('arrow keys go through the grid and stop at its edges', () => {
    expect(step('ArrowRight', 0, 5, 3, 2)).toBe(1);
    expect(step('ArrowDown', 1, 5, 3, 2)).toBe(4);
    expect(step('ArrowDown', 2, 5, 3, 2), 'there is nothing below').toBe(2);
    expect(step('ArrowLeft', 0, 5, 3, 2)).toBe(0);
    expect(step('End', 0, 5, 3, 2)).toBe(4);
    expect(step('x', 0, 5, 3, 2)).toBeNull();
  });
});

const result = (key: string, more: Partial<Result> = {}): Result => ({
  key,
  run: key,
  name: 'One',
  time: 1000,
  output: 'out',
  kind: 'picture',
  identity: `id-${key}`,
  file: null,
  value: null,
  ...more,
});

describe('Q4: filters', () => {
  const all = [
    result('a'),
    result('b', { kind: 'sound' }),
    result('c', { name: 'Two', time: 1000 + 86_400 * 3 }),
  ];
  const now = (1000 + 86_400 * 3.5) * 1000;
  const keys = (filter: Partial<typeof NO_FILTER>, stars: string[] = [], hidden: string[] = []) =>
    chosenBy(all, { ...NO_FILTER, ...filter }, new Set(stars), new Set(hidden), now).map(
      (one) => one.key,
    );
  it('by kind, workflow, date, star and words; what is being deleted is gone', () => {
    expect(keys({})).toEqual(['a', 'b', 'c']);
    expect(keys({ kind: 'sound' })).toEqual(['b']);
    expect(keys({ workflow: 'Two' })).toEqual(['c']);
    expect(keys({ days: 1 })).toEqual(['c']);
    expect(keys({ starred: true }, ['id-a'])).toEqual(['a']);
    expect(keys({ words: 'TWO' })).toEqual(['c']);
    expect(keys({}, [], ['c'])).toEqual(['a', 'b']);
  });

  it('a run gives one result for each file, and one for a value', () => {
    const file = { asset: 'x', name: 'p.png', media: 'image/png', bytes: 1, identity: 'i' };
    const made = resultsOf({
      number: 1,
      id: 'r',
      name: 'N',
      state: 'done',
      priority: 0,
      attempt: 1,
      worker: null,
      client: '',
      steps: 1,
      submitted: 0,
      started: 1,
      finished: 2,
      error: null,
      outputs: {
        pictures: { identity: 'l', value: null, files: [file, file], problem: null },
        count: { identity: 'json:3', value: 3, files: [], problem: null },
        nothing: { identity: 'n', value: null, files: [], problem: 'it is no file' },
      },
    });
    expect(made.map((one) => [one.output, one.kind])).toEqual([
      ['pictures', 'picture'],
      ['pictures', 'picture'],
      ['count', 'text'],
    ]);
    expect(new Set(made.map((one) => one.key)).size).toBe(3);
  });
});
