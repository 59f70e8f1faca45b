import { describe, expect, it } from 'vitest';
import { makeCatalogue, type NodeFacts } from './catalogue';
import { differences } from './compare';
import type { WorkflowDocument } from './document';
import { inputForFile, loaderFor } from './files';
import { installCommand, missingPacks } from './unknown';

const facts = (id: string, inputs: Record<string, string>): NodeFacts => ({
  id,
  version: '1',
  title: id,
  text: '',
  inputs: Object.fromEntries(Object.entries(inputs).map(([name, type]) => [name, { type }])),
  outputs: { out: { type: 'Image' } },
});

const catalogue = makeCatalogue(
  [
    facts('image.blur', { image: 'Image', radius: 'Number' }),
    facts('image.invert', { image: 'Image' }),
    facts('image.load', { image: 'Image' }),
    facts('image.open', { file: 'File' }),
    facts('image.blend', { a: 'Image', b: 'Image' }),
    facts('audio.load', { audio: 'Audio' }),
  ],
  [{ name: 'image', version: '1', title: 'Image' }],
);

const loader = (media: string, name: string): string | undefined =>
  loaderFor(catalogue, { media, name })?.type.id;

describe('where a file can go (A6)', () => {
  it('is loaded by the node that is there for its kind, else by one that takes any file', () => {
    expect(loader('image/png', 'a.png')).toBe('image.load');
    expect(loader('audio/wav', 'a.wav')).toBe('audio.load');
    expect(loader('video/mp4', 'a.mp4')).toBe('audio.load');
    expect(loader('application/octet-stream', 'a.bin')).toBe('image.open');
    expect(loader('audio/midi', 'a.mid')).toBe('image.open');
  });

  it('becomes the value of an input that is not linked', () => {
    const { inputs } = catalogue.types.get('image.blend')!;
    const file = { media: 'image/png', name: 'a.png' };
    expect(inputForFile(inputs, file)?.name).toBe('a');
    expect(inputForFile(inputs, file, { a: 'x.out' })?.name).toBe('b');
    expect(inputForFile(inputs, { media: 'audio/wav', name: 'a.wav' })).toBeNull();
  });
});

describe('packs that are missing (D4)', () => {
  it('are named with their version, their types and whether they are there at all', () => {
    const document: WorkflowDocument = {
      musegraph: 1,
      packs: { dance: '2.0.0' },
      lock: { packs: { dance: { index: 'https://packs.example.org/index.json' } } },
      nodes: {
        a: { type: 'dance.turn' },
        b: { type: 'dance.turn' },
        c: { type: 'image.gone' },
        d: { type: 'image.blur' },
        e: { type: 'graph:inner' },
      },
      graphs: { inner: { nodes: { f: { type: 'dance.step' } } } },
    };
    expect(missingPacks(document, catalogue)).toEqual([
      {
        pack: 'dance',
        version: '2.0.0',
        index: 'https://packs.example.org/index.json',
        installed: false,
        types: ['dance.turn', 'dance.step'],
        nodes: 3,
      },
      {
        pack: 'image',
        version: null,
        index: null,
        installed: true,
        types: ['image.gone'],
        nodes: 1,
      },
    ]);
    expect(installCommand(missingPacks(document, catalogue))).toBe(
      'musegraph pack install dance==2.0.0 --index https://packs.example.org/index.json',
    );
  });

  it('are installed by one command, in which an index that is not known is left to be said', () => {
    const document: WorkflowDocument = {
      musegraph: 1,
      nodes: { a: { type: 'dance.turn' }, b: { type: 'sing.note' } },
    };
    expect(installCommand(missingPacks(document, catalogue))).toBe(
      'musegraph pack install dance sing --index INDEX',
    );
    expect(installCommand([])).toBe('');
  });
});

describe('what is different between two versions (T4)', () => {
  const before: WorkflowDocument = {
    musegraph: 1,
    nodes: {
      a: { type: 'image.load', values: { x: 1, y: 2 } },
      b: { type: 'image.blur', links: { image: 'a.out' } },
      c: { type: 'image.invert' },
    },
  };

  it('is nothing for equal documents, whatever objects they are', () => {
    expect(differences(before, structuredClone(before))).toEqual([]);
  });

  it('is told by node and port', () => {
    const after: WorkflowDocument = {
      musegraph: 1,
      nodes: {
        a: { type: 'image.load', values: { x: 1, y: 3 } },
        b: { type: 'image.blur' },
        d: { type: 'image.invert' },
      },
      outputs: { out: 'b.out' },
      canvas: { nodes: { a: { x: 0, y: 0 } } },
    };
    expect(differences(before, after)).toEqual([
      { kind: 'values', graph: '', node: 'a', ports: ['y'] },
      { kind: 'links', graph: '', node: 'b', ports: ['image'] },
      { kind: 'removed', graph: '', node: 'c' },
      { kind: 'added', graph: '', node: 'd' },
      { kind: 'interface', graph: '', ports: ['out'] },
      { kind: 'look', graph: '' },
    ]);
  });
});
