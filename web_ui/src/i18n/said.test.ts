// @vitest-environment happy-dom
import { beforeAll, expect, test } from 'vitest';
import { setLanguage, startTexts } from '.';
import { inWords, reasonOf } from './said';

const said = {
  message: "a has no output 'b'; its outputs are: out",
  sentence: 'no-output',
  parts: { node: 'a', output: "'b'", known: 'out' },
};

beforeAll(() => startTexts('en'));

test('in English a sentence is as the server said it', async () => {
  await setLanguage('en');
  expect(inWords({ ...said, message: 'said otherwise' })).toBe('said otherwise');
});

test('in Chinese it is made of its parts, as they are', async () => {
  await setLanguage('zh-CN');
  expect(inWords(said)).toBe("a 没有输出 'b'；它的输出有：out");
  const parts = { ...said.parts, node: '<b>$t(runs:offline)</b>' };
  expect(inWords({ ...said, parts })).toContain('<b>$t(runs:offline)</b> 没有');
});

test('a sentence without a name, or of a later server, stays as it was said', async () => {
  await setLanguage('zh-CN');
  expect(inWords({ message: 'something else' })).toBe('something else');
  expect(inWords({ ...said, sentence: 'not-yet-known' })).toBe(said.message);
  expect(reasonOf(new Error('plain'))).toBe('plain');
  expect(reasonOf('text')).toBe('text');
});
