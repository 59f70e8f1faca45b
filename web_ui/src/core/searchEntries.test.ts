import { expect, it } from 'vitest';
import { makeCatalogue, type NodeFacts } from './catalogue';
import { makeIndex, search } from './search';
import { entriesOf } from './searchEntries';

const facts = (title: string): NodeFacts => ({
  id: 'image.blur',
  version: '1',
  title,
  text: '',
  inputs: { image: { type: 'Image' }, mask: { type: 'Mask | None' } },
  outputs: { out: { type: 'list[Image]' } },
});

it('finds a node of the catalogue by its names in all languages and by its types (A3, A5)', () => {
  const packs = [{ name: 'image', version: '1', title: 'Pictures' }];
  const english = makeCatalogue([facts('Gaussian blur')], packs);
  const chinese = makeCatalogue([facts('高斯模糊')]);
  const entries = entriesOf(english, [chinese, english]);
  expect(entries[0]).toMatchObject({ title: 'Gaussian blur', titles: ['高斯模糊'] });
  const index = makeIndex(entries);
  for (const query of ['gauss', '模糊', 'gsmh', 'in:mask out:image cat:pict pack:image']) {
    expect(search(index, query).results.map(({ entry }) => entry.id)).toEqual(['image.blur']);
  }
});

it('puts a node under its own heading, and says which a program made', () => {
  const packs = [{ name: 'image', version: '1', title: 'Pictures' }];
  const found = makeCatalogue(
    [{ ...facts('Wan'), group: 'Pipelines: video', generated: true }],
    packs,
  );
  expect(entriesOf(found)[0]).toMatchObject({ category: 'Pipelines: video', generated: true });
  expect(entriesOf(makeCatalogue([facts('Blur')], packs))[0]).toMatchObject({
    category: 'Pictures',
    generated: false,
  });
});
