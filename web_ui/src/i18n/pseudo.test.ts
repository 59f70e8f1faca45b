import { expect, test } from 'vitest';
import { pseudo } from './pseudo';

test('a text is longer by two fifths, and every letter that can has an accent', () => {
  for (const text of ['Run', 'Settings', 'Everything that is wrong with the workflow']) {
    const made = pseudo(text);
    expect(made.length).toBeGreaterThanOrEqual(Math.ceil(text.length * 1.4) - 1);
    expect(made.length).toBeLessThanOrEqual(Math.ceil(text.length * 1.4) + 2);
    expect(made).not.toMatch(/[aceinosuyz]/i);
  }
});
