import { describe, expect, it } from 'vitest';
import type { Entry, SearchOptions } from './search';
import { makeIndex, search } from './search';
import { parseQuery, withoutFilter } from './searchQuery';
import { manyEntries } from './testing/entries';

const entry = (id: string, title: string, more: Partial<Entry> = {}): Entry => ({
  id,
  title,
  pack: id.split('.')[0]!,
  inputs: [],
  outputs: [],
  ...more,
});

const find = (entries: readonly Entry[], query: string, options?: SearchOptions) =>
  search(makeIndex(entries), query, options).results;
const ids = (...given: Parameters<typeof find>) => find(...given).map((one) => one.entry.id);

/** The matched parts of the text that is shown, in brackets. */
function marked(entries: readonly Entry[], query: string): string {
  const [first] = find(entries, query);
  let made = '';
  let at = 0;
  for (const [start, end] of first?.ranges ?? []) {
    made += `${first!.shown.slice(at, start)}[${first!.shown.slice(start, end)}]`;
    at = end;
  }
  return made + (first?.shown.slice(at) ?? '');
}

describe('ranking (A2)', () => {
  const blurs = [
    entry('a.other', 'Sharpen', { aliases: ['Blur removal'] }),
    entry('a.text', 'Smooth', { text: 'Makes a blur of what it is given.' }),
    entry('a.fuzzy', 'Deblurring'),
    entry('a.word', 'Gaussian blur'),
    entry('a.prefix', 'Blur edges'),
    entry('a.exact', 'Blur'),
  ];

  it('goes by exact name, prefix, word prefix, fuzzy, then alias and description', () => {
    const found = find(blurs, 'blur');
    const order = ['a.exact', 'a.prefix', 'a.word', 'a.fuzzy', 'a.other', 'a.text'];
    expect(found.map((one) => one.entry.id)).toEqual(order);
    const ranks = ['exact', 'prefix', 'word', 'fuzzy', 'other', 'other'];
    expect(found.map((one) => one.rank)).toEqual(ranks);
  });

  it('does not depend on the order in which the entries were given', () => {
    expect(ids([...blurs].reverse(), 'blur')).toEqual(ids(blurs, 'blur'));
  });

  it('puts what was used lately first among equals, the latest before', () => {
    const entries = ['Blur a', 'Blur b', 'Blur c', 'Blur'].map((t) => entry(`x.${t.at(-1)}`, t));
    const recent = ['x.c', 'x.b'];
    expect(ids(entries, 'blu', { recent })).toEqual(['x.c', 'x.b', 'x.r', 'x.a']);
    expect(ids(entries, 'blur', { recent })).toEqual(['x.r', 'x.c', 'x.b', 'x.a']);
  });

  it('shows everything where nothing is typed, what was used lately first', () => {
    expect(ids(blurs, ' ', { recent: ['a.word'] })).toEqual([
      ...['a.word', 'a.exact', 'a.prefix', 'a.fuzzy', 'a.other', 'a.text'],
    ]);
    expect(find(blurs, '')[0]).toMatchObject({ rank: null, ranges: [], shown: 'Blur' });
  });

  it.each([
    ['GAUSSIAN', 'case'],
    ['gau bl', 'beginnings of words'],
    ['blur gau', 'words in another order'],
    ['gb', 'initials'],
    ['gaussianblur', 'no blank'],
    ['gsnblr', 'gaps'],
    ['guassian', 'two letters swapped'],
    ['gausian blur', 'a letter missing'],
    ['gausssian', 'a letter too many'],
    ['gaussiam', 'a wrong letter'],
    ['gäussian', 'accents'],
    ['a.word', 'the id'],
  ])('finds "Gaussian blur" by %s (%s)', (query) => {
    expect(ids(blurs, query)[0]).toBe('a.word');
  });

  it.each(['zzz', 'blurred', 'brule', 'xblur', 'blur motion'])('finds nothing by %s', (query) => {
    expect(ids([entry('a.word', 'Gaussian blur')], query)).toEqual([]);
  });

  it('finds words that stand in different places of an entry', () => {
    const entries = [entry('motion.open', 'Open', { text: 'Reads a BVH file.' })];
    expect(ids(entries, 'open bvh')).toEqual(['motion.open']);
  });

  it('does not take a whole pack for what its name begins', () => {
    const entries = [entry('image.blur', 'Blur'), entry('core.tile', 'Image tiles')];
    expect(find(entries, 'image').map((one) => [one.entry.id, one.rank])).toEqual([
      ['core.tile', 'prefix'],
      ['image.blur', 'other'],
    ]);
    expect(ids(entries, 'image.bl')).toEqual(['image.blur']);
  });

  it('gives the best and says how many there are', () => {
    const found = search(makeIndex(manyEntries(500)), 'blur', { limit: 10 });
    expect(found.results).toHaveLength(10);
    expect(found.total).toBe(50);
  });
});

describe('nodes made by a program', () => {
  const entries = [
    entry('pipelines.ab', 'Blur ab', { generated: true }),
    entry('image.abcdef', 'Blur abcdef'),
    entry('pipelines.soft', 'Soft blur', { generated: true }),
  ];

  it('come after those made by hand that are found as well', () => {
    expect(ids(entries, 'blur')).toEqual(['image.abcdef', 'pipelines.ab', 'pipelines.soft']);
    expect(ids(entries, 'soft blur')).toEqual(['pipelines.soft']);
  });

  it('come first again once they were used', () => {
    expect(ids(entries, 'blur', { recent: ['pipelines.ab'] })[0]).toBe('pipelines.ab');
  });
});

describe('names in other languages (A5)', () => {
  const english = [
    entry('image.gaussian_blur', 'Gaussian blur', { titles: ['高斯模糊'] }),
    entry('image.resize', 'Resize', { titles: ['调整大小'] }),
  ];
  const chinese = [
    entry('image.gaussian_blur', '高斯模糊', { titles: ['Gaussian blur'] }),
    entry('image.resize', '调整大小', { titles: ['Resize'] }),
  ];

  it.each(['gaussian', 'blur', '高斯', '模糊', 'gsmh', 'mh', 'gs', 'gsm'])(
    'finds by %s whatever the language of the page',
    (query) => {
      expect(ids(english, query)[0]).toBe('image.gaussian_blur');
      expect(ids(chinese, query)[0]).toBe('image.gaussian_blur');
    },
  );

  it('knows the other reading of a character', () => {
    expect(ids(chinese, 'tzdx')).toEqual(['image.resize']);
    expect(ids(chinese, 'dzdx')).toEqual(['image.resize']);
  });

  it('shows the name that matched where that is not the title', () => {
    expect(find(english, '模糊')[0]).toMatchObject({ shown: '高斯模糊', field: 'titles' });
    expect(find(english, 'blur')[0]).toMatchObject({ shown: 'Gaussian blur', field: 'title' });
  });
});

describe('what is highlighted', () => {
  const entries = [
    entry('a.b', 'ControlNet — Gaussian blur', { titles: ['高斯模糊'], aliases: ['Défocus'] }),
  ];

  it.each([
    ['control', '[Control]Net — Gaussian blur'],
    ['net', 'Control[Net] — Gaussian blur'],
    ['bl gau', 'ControlNet — [Gau]ssian [bl]ur'],
    ['ussi', 'ControlNet — Ga[ussi]an blur'],
    ['gab', 'ControlNet — [Ga]ussian [b]lur'],
    ['guassian', 'ControlNet — [Gaussian] blur'],
    ['gsmh', '[高斯模糊]'],
    ['mh', '高斯[模糊]'],
    ['defoc', '[Défoc]us'],
    ['b gsm', ''],
  ])('of %s: %s', (query, expected) => expect(marked(entries, query)).toBe(expected));
});

describe('filters (A3)', () => {
  const entries = [
    entry('core.a', 'A', {
      inputs: ['Image'],
      outputs: ['list[Video] | None'],
      category: 'motion',
    }),
    entry('core.b', 'B', {
      inputs: ['Image', 'Mask'],
      outputs: ['Image'],
      category: 'image/motion',
    }),
    entry('pose.c', 'C', { inputs: ['Text'], outputs: ['Video'], category: 'text' }),
  ];

  it.each([
    ['in:image', 'core.a core.b'],
    ['in:image in:mask', 'core.b'],
    ['IN:IMA out:video', 'core.a'],
    ['out:video', 'core.a pose.c'],
    ['pack:core cat:motion', 'core.a core.b'],
    ['cat：motion b', 'core.b'],
    ['c pack:pose', 'pose.c'],
    ['in:audio', ''],
    ['in:', 'core.a core.b pose.c'],
  ])('%s leaves %s', (query, expected) => {
    expect(ids(entries, query).join(' ')).toBe(expected);
  });

  it('gives each filter with its place, and the words without them', () => {
    const query = 'big in:image cat:"motion capture" blur';
    const { words, filters } = parseQuery(query);
    expect(words).toBe('big blur');
    expect(filters).toEqual([
      { kind: 'in', value: 'image', start: 4, end: 12 },
      { kind: 'cat', value: 'motion capture', start: 13, end: 33 },
    ]);
    expect(withoutFilter(query, filters[1]!)).toBe('big in:image blur');
    expect(withoutFilter('in:image', parseQuery('in:image').filters[0]!)).toBe('');
  });

  it('takes a colon inside a word for what it is', () => {
    expect(parseQuery('main:image at:x').filters).toEqual([]);
  });

  it('leaves out what is not accepted where a link is dropped (A4)', () => {
    const accepts = (one: Entry) => one.inputs.includes('Text');
    expect(ids(entries, '', { accepts })).toEqual(['pose.c']);
  });
});

describe('among 3,000 node types', () => {
  const entries = manyEntries(3000);

  it('asks each entry a few things only, whatever is typed (G11)', () => {
    let asked = 0;
    const index = makeIndex(entries);
    const prepared = index.prepared.map(
      (one) => new Proxy(one, { get: (target, key: keyof typeof one) => (asked++, target[key]) }),
    );
    for (const query of ['', 'g', 'gaus', 'guassian blur', 'gsmh', 'qqqqqq']) {
      asked = 0;
      search({ ...index, prepared }, query);
      // Which parts of it there are, and its names once for each way of matching them.
      expect(asked).toBeLessThan(3000 * 8);
    }
  });

  it('finds the same as among few', () => {
    expect(ids(entries, 'gaussian blur 7')[0]).toBe('pack34.gaussian_blur_7');
    expect(ids(entries, 'gsmh7')[0]).toBe('pack34.gaussian_blur_7');
  });
});
