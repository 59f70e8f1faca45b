/**
 * U1: whatever is done in whatever order, undo goes back to the start and redo to the end, byte for
 * byte, and every document on the way holds together. `MUSEGRAPH_SEEDS=500 npx vitest run
 * src/core/undo.test.ts` tries more sequences than the 50 that always run.
 */

import { describe, expect, it } from 'vitest';
import { apply } from './commands';
import { EMPTY_HISTORY, labelOf, record, redo, undo } from './history';
import { BEGINNING, Hand } from './testing/commands';
import { faults, readsBack } from './testing/sound';

const SEEDS = Number(process.env.MUSEGRAPH_SEEDS ?? 50);
const FIRST = Number(process.env.MUSEGRAPH_FIRST_SEED ?? 1);
const LENGTH = 200;

function checkSequence(seed: number): number {
  const hand = new Hand(seed);
  let document = BEGINNING;
  let history = EMPTY_HISTORY;
  const texts = [JSON.stringify(document)];
  for (let step = 0, tries = 0; step < LENGTH; tries += 1) {
    expect(tries, `seed ${seed} finds nothing to do`).toBeLessThan(LENGTH * 40);
    const command = hand.next(document);
    if (!command) continue;
    const after = apply(document, command);
    step += 1;
    if (after === document) continue;
    const found = faults(after);
    if (step % 10 === 0 && !readsBack(after)) found.push('the text reads back otherwise');
    if (found.length)
      expect.fail(
        `seed ${seed}, step ${step}\n${found.join('\n')}\nafter ${JSON.stringify(command)}\non ${JSON.stringify(document)}`,
      );
    history = record(history, {
      label: labelOf(command),
      before: document,
      after,
      group: null,
      time: step,
    });
    document = after;
    texts.push(JSON.stringify(document));
  }
  const entries = texts.length - 1;
  expect(history.past).toHaveLength(entries);
  for (let at = entries - 1; at >= 0; at -= 1) {
    const made = undo(history)!;
    [history, document] = made;
    if (JSON.stringify(document) !== texts[at]) expect.fail(`seed ${seed}: undo to ${at} differs`);
  }
  expect(undo(history)).toBeNull();
  for (let at = 1; at <= entries; at += 1) {
    [history, document] = redo(history)!;
    if (JSON.stringify(document) !== texts[at]) expect.fail(`seed ${seed}: redo to ${at} differs`);
  }
  expect(redo(history)).toBeNull();
  return entries;
}

describe('U1: sequences of 200 commands', () => {
  it('begin at a document that holds together', () => {
    expect(faults(BEGINNING)).toEqual([]);
  });

  it(
    `are undone to the start and redone to the end, byte for byte (${SEEDS} seeds)`,
    { timeout: 60_000 + SEEDS * 4000 },
    () => {
      let changes = 0;
      for (let seed = FIRST; seed < FIRST + SEEDS; seed += 1) changes += checkSequence(seed);
      expect(changes).toBeGreaterThan(SEEDS * LENGTH * 0.6);
    },
  );
});
