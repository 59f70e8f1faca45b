import { afterEach, beforeEach, describe, expect, it, vi, type MockInstance } from 'vitest';
import { logException } from './log';

const PROMPT = 'a fox at dusk,\n    at the river (https://x.test/a.js:1:2)\n  soft light';

describe('E4: exceptions are logged with a stable code, never with what was worked with', () => {
  let said: MockInstance<typeof console.error>;
  const logged = (): string => said.mock.calls.flat().join('\n');
  beforeEach(() => {
    said = vi.spyOn(console, 'error').mockImplementation(() => {});
  });
  afterEach(() => said.mockRestore());

  it('a parser quotes the text that it cannot read, the log does not', () => {
    try {
      JSON.parse(`${PROMPT} {`);
    } catch (error) {
      expect(String(error)).toContain('a fox');
      logException('client.thrown', error);
    }
    expect(logged()).toMatch(/^client\.thrown SyntaxError\n/);
    expect(logged()).toContain('log.test.ts');
    expect(logged()).not.toMatch(/fox|river|soft/);
  });

  it('a message of several lines that look like places leaves nothing', () => {
    logException('client.render.node', new Error(PROMPT));
    expect(logged()).toMatch(/^client\.render\.node Error\n/);
    expect(logged()).not.toMatch(/fox|river|soft|x\.test/);
  });

  it('a name that was set to anything is no kind', () => {
    const error = new Error('no');
    error.name = PROMPT;
    logException('client.rejected', error);
    expect(logged()).toMatch(/^client\.rejected Error/);
    expect(logged()).not.toMatch(/fox|river|soft|x\.test/);
  });

  it('what is no exception is told by its type', () => {
    logException('client.rejected', PROMPT);
    logException('client.rejected', { prompt: PROMPT });
    expect(said.mock.calls.flat()).toEqual(['client.rejected string', 'client.rejected object']);
  });

  it.each([
    [
      'at find (https://host.test:8188/assets/app-1a.js?t=secret:10:20)',
      'find /assets/app-1a.js:10:20',
    ],
    ['at https://host.test/assets/app.js:1:2', '? /assets/app.js:1:2'],
    ['find@https://host.test/assets/app.js:3:4', 'find /assets/app.js:3:4'],
  ])('a place has no address of the page: %s', (line, place) => {
    const error = new Error('x');
    error.stack = `Error: x\n    ${line}`;
    logException('client.thrown', error);
    expect(logged()).toBe(`client.thrown Error\n  ${place}`);
  });
});
