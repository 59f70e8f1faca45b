import { describe, expect, it } from 'vitest';
import { arranged } from './arrange';
import type { WorkflowDocument } from './document';
import { foldedInputs } from './folding';
import { ROW } from './geometry';
import { project } from './project';
import { bestInput } from './rules';
import { pushedDown } from './room';
import { CATALOGUE } from './testing/catalogue';

/** A graph of one node with three inputs that are rarely set, beside what it may take. */
const graph = (more: Partial<WorkflowDocument> = {}, rare: object = {}): WorkflowDocument => ({
  musegraph: 1,
  ...more,
  nodes: {
    load: { type: 't.load' },
    text: { type: 't.text' },
    rare: { type: 't.rare', links: { image: 'load.out' }, ...rare },
  },
});

const viewOf = (document: WorkflowDocument, opened: string | null = null) =>
  project(document, CATALOGUE, '', undefined, opened).views.get('rare')!;

const shownOf = (document: WorkflowDocument): string[] =>
  viewOf(document).geometry.inputs.map((one) => one.port.name);

describe('what is rarely set', () => {
  it('is folded away, and one line says how much there is', () => {
    const { fold, rows } = viewOf(graph()).geometry;
    expect(fold).toMatchObject({ height: ROW, open: false, names: ['start', 'noise', 'words'] });
    expect(rows.flatMap((row) => row.input?.name ?? [])).toEqual(['image', 'strength']);
    expect(fold!.y).toBe(rows.at(-1)!.y + ROW);
  });

  it.each([
    ['linked', graph({}, { links: { image: 'load.out', words: 'text.out' } })],
    ['set', graph({}, { values: { words: 'a' } })],
    ['set to its very default', graph({}, { values: { words: '' } })],
    ['an input of the workflow', graph({ inputs: { words: { to: 'rare.words' } } })],
  ])('shows where it is %s', (_how, document) => {
    expect(shownOf(document)).toEqual(['image', 'strength', 'words']);
    expect(viewOf(document).geometry.fold!.names).toEqual(['start', 'noise']);
  });

  it('stands where it was declared while the fold is open, whoever opened it', () => {
    const layout = { canvas: { nodes: { rare: { x: 0, y: 0, advanced: true } } } };
    const all = ['image', 'noise', 'start', 'strength', 'words'];
    const open = viewOf(graph(layout));
    expect(open.geometry.inputs.map((one) => one.port.name)).toEqual(all);
    expect(open.geometry.fold).toMatchObject({ open: true, names: ['start', 'noise', 'words'] });
    const moment = viewOf(graph(), 'rare');
    expect(moment.geometry).toEqual(open.geometry);
    expect(viewOf(graph(), 'load').geometry.fold!.open).toBe(false);
  });

  it('is not folded if it is but one input, whose place the line would take', () => {
    const document = graph({}, { values: { start: 0.5, words: 'a' } });
    expect(viewOf(document).geometry.fold).toBeNull();
    expect(shownOf(document)).toContain('noise');
  });

  it('shows in a subgraph’s node, whose author made it an input', () => {
    const made = graph({
      graphs: {
        inner: {
          inputs: { start: { to: 'n.start' }, noise: { to: 'n.noise' }, words: { to: 'n.words' } },
          nodes: { n: { type: 't.rare' } },
        },
      },
    });
    const document = { ...made, nodes: { use: { type: 'graph:inner' } } };
    const view = project(document, CATALOGUE, '').views.get('use')!;
    expect(foldedInputs(view)).toEqual([]);
    expect(view.geometry.inputs).toHaveLength(3);
  });

  it('takes a link that is let go over the node only if nothing else does as well', () => {
    const made = graph();
    const document = { ...made, nodes: { ...made.nodes, seed: { type: 't.noise' } } };
    const { types } = project(document, CATALOGUE, '');
    expect(bestInput(types, { node: 'text', port: 'out' }, 'rare')!.name).toBe('words');
    expect(bestInput(types, { node: 'seed', port: 'used' }, 'rare')!.name).toBe('strength');
  });

  it('takes no room where nodes are placed that have no place', () => {
    const at = (rare: object) =>
      arranged(
        {
          musegraph: 1,
          nodes: {
            load: { type: 't.load' },
            rare: { type: 't.rare', links: { image: 'load.out' }, ...rare },
            blur: { type: 't.blur', links: { image: 'load.out' } },
          },
        },
        CATALOGUE,
      ).canvas!.nodes!;
    const folded = at({});
    const shown = at({ values: { words: 'a', start: 1 }, links: { image: 'load.out' } });
    const apart = (nodes: typeof folded) => nodes['blur']!.y - nodes['rare']!.y;
    expect(apart(folded)).toBeLessThan(apart(shown));
  });
});

describe('room for what has grown', () => {
  const rect = (x: number, y: number, height = 100) => ({ x, y, width: 240, height });

  it('is made by what stands below it, and by what that would cover', () => {
    const rects = new Map([
      ['grown', rect(0, 0, 200)],
      ['near', rect(8, 108)],
      ['next', rect(100, 230)],
      ['far', rect(0, 800)],
      ['beside', rect(300, 108)],
    ]);
    expect(pushedDown(rects, new Map([['grown', 100]]))).toEqual({
      near: { x: 8, y: 208 },
      next: { x: 100, y: 324 },
    });
  });

  it('is not made by what it covered before, nor where a node has shrunk', () => {
    const rects = new Map([
      ['grown', rect(0, 0, 200)],
      ['covered', rect(0, 50)],
    ]);
    expect(pushedDown(rects, new Map([['grown', 100]]))).toEqual({});
    const shrunk = new Map([
      ['shrunk', rect(0, 0, 50)],
      ['below', rect(0, 116)],
    ]);
    expect(pushedDown(shrunk, new Map([['shrunk', 100]]))).toEqual({});
  });
});
