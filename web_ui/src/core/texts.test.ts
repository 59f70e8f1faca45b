import { expect, test } from 'vitest';
import { apply } from './commands';
import type { WorkflowDocument } from './document';
import { portTexts } from './texts';

const zh = {
  inputs: { steps: { label: '步数', text: '越多越细' } },
  outputs: { picture: { label: '图片' } },
};
const made: WorkflowDocument = {
  musegraph: 1,
  nodes: { a: { type: 'toy.a' } },
  inputs: { steps: { to: 'a.steps', label: 'Steps' } },
  texts: { zh },
};

test('the words of a language serve its regions, and no other language', () => {
  expect(portTexts(made.texts, 'zh-CN', 'inputs', 'steps')).toEqual(zh.inputs.steps);
  expect(portTexts(made.texts, 'zh-CN', 'outputs', 'picture').label).toBe('图片');
  expect(portTexts(made.texts, 'en', 'inputs', 'steps').label).toBeUndefined();
});

test('texts that are not as they should be say nothing', () => {
  for (const texts of [undefined, null, 'zh', [], { zh: 3 }, { zh: { inputs: { steps: 'x' } } }])
    expect(portTexts(texts, 'zh', 'inputs', 'steps').label).toBeUndefined();
  const wrong = { zh: { inputs: { steps: { label: 3 } } } };
  expect(portTexts(wrong, 'zh', 'inputs', 'steps').label).toBeUndefined();
  expect(portTexts({}, 'zh', 'inputs', 'constructor').label).toBeUndefined();
});

test('an input that is called otherwise is called that in every language', () => {
  const named = apply(made, {
    do: 'setInput',
    graph: '',
    name: 'steps',
    input: { label: 'Turns' },
  });
  expect(portTexts(named.texts, 'zh', 'inputs', 'steps')).toEqual({ text: '越多越细' });
  expect(portTexts(named.texts, 'zh', 'outputs', 'picture').label).toBe('图片');
});

test('another value leaves the texts as they were', () => {
  const set = apply(made, { do: 'setInput', graph: '', name: 'steps', input: { default: 9 } });
  expect(set.texts).toBe(made.texts);
});
