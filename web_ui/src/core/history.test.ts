import { expect, it } from 'vitest';
import { emptyDocument } from './document';
import { EMPTY_HISTORY, newGesture, record, REST } from './history';

const entry = (group: string, time: number) => ({
  label: 'setLayout',
  before: emptyDocument(),
  after: emptyDocument(),
  group,
  time,
});

it('U2: pulling an edge is one entry, however long the hand rests on it; the next pull is another', () => {
  const pull = newGesture();
  let history = record(EMPTY_HISTORY, entry(pull, 0));
  history = record(history, entry(pull, 60 * REST));
  expect(history.past.length).toBe(1);
  history = record(history, entry(newGesture(), 60 * REST));
  expect(history.past.length).toBe(2);
});

it('typing is one entry until it rests', () => {
  let history = record(EMPTY_HISTORY, entry('value a', 0));
  history = record(history, entry('value a', REST));
  history = record(history, entry('value a', 3 * REST));
  expect(history.past.length).toBe(2);
});
