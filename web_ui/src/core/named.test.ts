import { describe, expect, it } from 'vitest';
import { makeCatalogue } from './catalogue';
import type { WorkflowDocument } from './document';
import { madeHere, named, otherVersions } from './named';

const catalogue = makeCatalogue(
  [],
  [
    { name: 'image', version: '2.0', title: '', lock: { version: '2.0', content: 'source:1' } },
    { name: 'mine', version: '0', title: '', lock: { version: '0', content: 'source:2' } },
  ],
);

const document: WorkflowDocument = {
  musegraph: 1,
  nodes: { a: { type: 'image.blur' }, b: { type: 'graph:inner' }, c: { type: 'gone.far' } },
  graphs: { inner: { nodes: { d: { type: 'mine.own' } } } },
};

describe('what a document was made with', () => {
  it('is written into it with hashes, also for packs without a version', () => {
    expect(named(document, catalogue)).toEqual({
      ...document,
      packs: { image: '2.0' },
      lock: {
        packs: {
          image: { version: '2.0', content: 'source:1' },
          mine: { version: '0', content: 'source:2' },
        },
      },
    });
  });

  it('stays for packs that are not here, or here in another version', () => {
    const older = {
      ...document,
      packs: { image: '1.0', gone: '3' },
      lock: { packs: { image: { content: 'source:0' } }, nodes: { kept: true } },
    };
    const made = named(older, catalogue);
    expect(made.packs).toEqual({ gone: '3', image: '1.0' });
    expect(made.lock?.packs?.image).toEqual({ content: 'source:0' });
    expect(made.lock?.nodes).toEqual({ kept: true });
    expect(otherVersions(older, catalogue)).toEqual(['image']);
    expect(otherVersions(madeHere(older, catalogue), catalogue)).toEqual([]);
  });

  it('is nothing where no pack is known', () => {
    expect(named(document, makeCatalogue([]))).toBe(document);
  });
});
