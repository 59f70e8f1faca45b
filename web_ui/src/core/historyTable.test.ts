/** Which commands join the entry before them: a test for each row of the table in `history.ts`. */

import { describe, expect, it } from 'vitest';
import { apply, type Command } from './commands';
import { EMPTY_HISTORY, groupOf, LIMIT, record, seal, undo, type History } from './history';
import { BEGINNING } from './testing/commands';

const on = { graph: '' } as const;

/** Two commands that join, and one of the same kind that does not join them. */
const ROWS: [string, Command, Command, Command][] = [
  [
    'typing at a port',
    { do: 'setValue', ...on, node: 'soft', port: 'radius', value: 1 },
    { do: 'setValue', ...on, node: 'soft', port: 'radius', value: 12 },
    { do: 'setValue', ...on, node: 'again', port: 'radius', value: 12 },
  ],
  [
    'typing at a named input',
    { do: 'setInput', ...on, name: 'radius', input: { default: 1 } },
    { do: 'setInput', ...on, name: 'radius', input: { default: 12 } },
    { do: 'setInput', ...on, name: 'radius', input: { label: 'Size' } },
  ],
  [
    'writing a note',
    { do: 'setNote', ...on, id: 'n', note: { text: 'a' } },
    { do: 'setNote', ...on, id: 'n', note: { text: 'ab' } },
    { do: 'setNote', ...on, id: 'm', note: { text: 'ab' } },
  ],
  [
    'naming the workflow',
    { do: 'setName', name: 'a' },
    { do: 'setName', name: 'ab' },
    { do: 'setNote', ...on, id: 'm', note: { text: 'ab' } },
  ],
  [
    'writing a title',
    { do: 'setLayout', ...on, node: 'soft', layout: { title: 'a' } },
    { do: 'setLayout', ...on, node: 'soft', layout: { title: 'ab' } },
    { do: 'setLayout', ...on, node: 'soft', layout: { note: 'ab' } },
  ],
];

const ALONE: Command[] = [
  { do: 'connect', ...on, from: 'noise.out', to: 'grid.images' },
  { do: 'disconnect', ...on, to: 'grid.images' },
  { do: 'remove', ...on, items: ['soft'] },
  { do: 'move', ...on, to: { soft: { x: 1, y: 1 } } },
  { do: 'setMode', ...on, nodes: ['soft'], mode: 'mute' },
  { do: 'setLayout', ...on, node: 'soft', layout: { color: 'red' } },
  { do: 'setNote', ...on, id: 'new', note: { text: 'a', x: 0 } },
  { do: 'batch', commands: [] },
];

const after = (history: History, command: Command, time: number): History => {
  const before = history.past.at(-1)?.after ?? BEGINNING;
  const made = apply(before, command);
  return record(history, { label: command.do, before, after: made, group: groupOf(command), time });
};

describe('the history', () => {
  it.each(ROWS)('%s is one entry until it rests, elsewhere another', (_what, one, two, other) => {
    const joined = after(after(EMPTY_HISTORY, one, 0), two, 900);
    expect(joined.past).toHaveLength(1);
    expect(undo(joined)![1]).toBe(BEGINNING);
    expect(after(joined, two, 900 + 1001).past).toHaveLength(2);
    expect(after(joined, other, 901).past).toHaveLength(2);
    expect(after(seal(joined), two, 901).past).toHaveLength(2);
  });

  it.each(ALONE.map((one) => [one.do, one] as const))('%s stands alone', (_name, command) => {
    expect(groupOf(command)).toBeNull();
  });

  it('does not join what follows an undo to what was before it', () => {
    const [, first, second] = ROWS[0]!;
    const undone = undo(after(after(EMPTY_HISTORY, first, 0), ALONE[3]!, 10))![0];
    expect(after(undone, second, 20).past).toHaveLength(2);
  });

  it('forgets the oldest entries, not the newest', () => {
    let history = EMPTY_HISTORY;
    for (let time = 0; time < LIMIT + 5; time += 1)
      history = after(history, { do: 'move', ...on, to: { soft: { x: time, y: 1 } } }, time);
    expect(history.past).toHaveLength(LIMIT);
    expect(history.past.at(-1)!.time).toBe(LIMIT + 4);
  });
});
