import { describe, expect, it } from 'vitest';
import { splitPort, type WorkflowDocument } from './document';
import { GraphTypes, typesOf } from './ports';
import { bestInput, bestOutput, goesAmong, whyNot } from './rules';
import { CATALOGUE } from './testing/catalogue';

const DOCUMENT: WorkflowDocument = {
  musegraph: 1,
  nodes: {
    noise: { type: 't.noise' },
    many: { type: 't.many' },
    text: { type: 't.text' },
    blur: { type: 't.blur', links: { image: 'noise.out' } },
    after: { type: 't.blur', links: { image: 'blur.out' } },
    grid: { type: 't.grid', links: { images: ['blur.out', 'after.out'] } },
    whole: { type: 't.grid', links: { images: 'many.out' } },
    choose: { type: 't.choose', links: { yes: 'noise.out' } },
    mapped: { type: 't.blur', links: { image: 'many.out' } },
    inner: { type: 'graph:chosen', links: { one: 'many.out' } },
    gone: { type: 'lost.node', links: { a: 'noise.out' }, values: { b: 1 } },
    takes: { type: 't.save', links: { image: 'gone.made' } },
  },
  graphs: {
    chosen: {
      inputs: { one: { to: 'blur.image' }, size: { to: 'blur.radius', default: 9, label: 'Size' } },
      outputs: { chosen: 'choose.out', alpha: 'split.alpha' },
      nodes: {
        blur: { type: 't.blur' },
        choose: { type: 't.choose', links: { yes: 'blur.out', no: 'blur.out' } },
        split: { type: 't.split', links: { image: 'choose.out' } },
      },
    },
  },
};
const types = new GraphTypes(DOCUMENT, CATALOGUE, '');
const why = (from: string, to: string) =>
  whyNot(types, splitPort(from), splitPort(to))?.key ?? null;
const type = (port: string) => types.outputType(splitPort(port))?.text;

describe('W10: a link is refused', () => {
  it.each([
    ['noise.out', 'blur.image', 'rules.already'],
    ['after.out', 'blur.image', 'rules.cycle'],
    ['blur.out', 'blur.mask', 'rules.self'],
    ['noise.out', 'blur.nothing', 'rules.noPort'],
    ['noise.nothing', 'blur.image', 'rules.noPort'],
    ['text.out', 'choose.no', 'rules.bound'],
  ])('from %s to %s: %s', (from, to, key) => expect(why(from, to)).toBe(key));

  it('for its type, in words that name both', () => {
    const found = whyNot(types, splitPort('text.out'), splitPort('blur.image'))!;
    expect(found.args).toMatchObject({ source: 'Text', target: 'Image' });
  });

  it.each([
    ['noise.out', 'after.image'],
    ['many.out', 'after.image'],
    ['blur.out', 'whole.images'],
    ['noise.used', 'choose.which'].toSpliced(1, 1, 'grid.columns'),
    ['blur.out', 'choose.no'],
    ['text.out', 'gone.a'],
  ])('not from %s to %s', (from, to) => expect(why(from!, to!)).toBeNull());
});

describe('W7: a link goes beside the others', () => {
  const among = (from: string, to: string) => goesAmong(types, splitPort(from), splitPort(to));
  it('of a list if it is one of its items and so are they', () => {
    expect(among('noise.out', 'grid.images')).toBe(true);
    expect(among('many.out', 'grid.images')).toBe(false);
    expect(among('noise.out', 'whole.images')).toBe(false);
    expect(among('noise.out', 'after.image')).toBe(false);
  });
});

describe('W3: a link dropped on a node goes to', () => {
  const input = (from: string, id: string) => bestInput(types, splitPort(from), id)?.name;
  it('the first free port that takes it, exact types first', () => {
    expect(input('noise.out', 'takes')).toBe('image');
    expect(input('text.out', 'takes')).toBe('names');
    expect(input('noise.used', 'grid')).toBe('columns');
    expect(input('noise.out', 'grid')).toBe('images');
    expect(input('noise.out', 'choose')).toBe('no');
    expect(input('after.out', 'blur')).toBeUndefined();
    expect(bestOutput(types, splitPort('after.mask'), 'noise')).toBeNull();
    expect(bestOutput(types, splitPort('after.image'), 'many')?.name).toBe('out');
  });
});

describe('the types of ports', () => {
  it('are what is linked to them where they are variables, through definitions too', () => {
    expect(type('choose.out')).toBe('Image');
    expect(types.inputType(splitPort('choose.no'))?.text).toBe('Image');
    expect(
      new GraphTypes(DOCUMENT, CATALOGUE, 'chosen').outputType(splitPort('choose.out'))?.text,
    ).toBe('Image');
  });

  it('are lists where a node is called once for each item', () => {
    expect(type('mapped.out')).toBe('list[Image]');
    expect(type('inner.chosen')).toBe('list[Image]');
    expect(type('blur.out')).toBe('Image');
  });

  it('are lists where a list is set for one thing, at the node or by an input of the workflow', () => {
    const links = { image: 'noise.out' };
    const noise = { type: 't.noise' };
    const made = (values: object, inputs: object): GraphTypes => {
      const nodes = { noise, blur: { type: 't.blur', links, values } };
      const document = { musegraph: 1, inputs, nodes };
      return new GraphTypes(document as WorkflowDocument, CATALOGUE, '');
    };
    const given = (one: GraphTypes) => one.outputType(splitPort('blur.out'))?.text;
    expect(given(made({ radius: 2 }, {}))).toBe('Image');
    expect(given(made({ radius: [1, 2] }, {}))).toBe('list[Image]');
    expect(given(made({}, { size: { to: 'blur.radius', default: [1, 2] } }))).toBe('list[Image]');
    // They are told anew when a value becomes a list, and not for other values.
    const one = made({ radius: 1 }, {});
    const again = (values: object) => {
      const { document } = made(values, {});
      return typesOf(document, CATALOGUE, '', one);
    };
    expect(again({ radius: 3 }).structure).toBe(one.structure);
    expect(given(again({ radius: [3] }))).toBe('list[Image]');
  });

  it('of a definition are those of what stands in it, with their own names and defaults', () => {
    const { inputs, outputs } = types.portsOf('inner');
    expect(inputs.map((one) => [one.name, one.type.text, one.label, one.default])).toEqual([
      ['one', 'Image', 'One', undefined],
      ['size', 'Number', 'Size', 9],
    ]);
    expect(outputs.map((one) => [one.name, one.type.text])).toEqual([
      ['chosen', 'Image'],
      ['alpha', 'Mask'],
    ]);
  });

  it('D4: of a node whose type is not there are all that the document names', () => {
    const { known, inputs, outputs } = types.portsOf('gone');
    expect(known).toBe(false);
    expect(inputs.map((one) => one.name)).toEqual(['a', 'b']);
    expect(outputs.map((one) => one.name)).toEqual(['made']);
  });

  it('do not go round for ever in a circle or in a definition that contains itself', () => {
    const round: WorkflowDocument = {
      musegraph: 1,
      nodes: {
        a: { type: 't.choose', links: { yes: 'b.out' } },
        b: { type: 't.choose', links: { yes: 'a.out' } },
        c: { type: 'graph:g' },
      },
      graphs: {
        g: {
          inputs: { x: { to: 'c.x' } },
          outputs: { y: 'c.y' },
          nodes: { c: { type: 'graph:g' } },
        },
      },
    };
    const found = new GraphTypes(round, CATALOGUE, '');
    expect(found.outputType(splitPort('a.out'))?.text).toBe('$T');
    expect(found.portsOf('c').outputs).toHaveLength(1);
  });
});
