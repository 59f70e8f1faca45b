import type { TFunction } from 'i18next';
import { expect, test } from 'vitest';
import type { Port } from '@/core/catalogue';
import { parseType } from '@/core/types';
import { outputLabel } from './outputLabel';

const WORDS: Record<string, string> = {
  'canvas:family.image': 'Image',
  'canvas:family.model': 'Model',
  'canvas:family.any': 'Any',
  'fields:type.Styles': 'Styles',
};

const t = ((keys: string | string[], options?: { defaultValue: string }) =>
  [keys]
    .flat()
    .map((key) => WORDS[key])
    .find(Boolean) ?? options?.defaultValue) as unknown as TFunction;

const called = (type: string, name = 'out', label = 'Out') =>
  outputLabel({ name, label, type: parseType(type) } as Port, t);

test('an output is called by what it gives where it is the only one', () => {
  expect(called('list[Image]')).toBe('Image');
  expect(called('LanguageModel')).toBe('Model');
  expect(called('$T')).toBe('Any');
  expect(called('Styles')).toBe('Styles');
  expect(called('Image', 'mask', 'Mask')).toBe('Mask');
});

test('a type that only a pack knows is called by its name in words, not a model', () => {
  expect(called('CameraPath')).toBe('Camera path');
  expect(called('list[Palette]')).toBe('Palette');
});
