import { describe, expect, it } from 'vitest';
import { apply, withMembers, whyNoSubgraph } from '.';
import {
  canvasOf,
  definitionOf,
  edgesOf,
  freshId,
  graphOf,
  nodesOf,
  targetsOf,
  type WorkflowDocument,
} from '../document';
import { BEGINNING, Hand } from '../testing/commands';
import { faults } from '../testing/sound';

/** What a graph computes: nodes, links, values and names, whatever stands where and in which order. */
const meaning = (document: WorkflowDocument) => ({
  nodes: nodesOf(document),
  inputs: Object.fromEntries(
    Object.entries(document.inputs ?? {}).map(([name, input]) => [
      name,
      { ...input, to: targetsOf(input).toSorted() },
    ]),
  ),
  outputs: document.outputs ?? {},
});

/** A workflow as a user may have left it after some minutes, and nodes of it. */
const grown = (seed: number): [WorkflowDocument, string[]] => {
  const hand = new Hand(seed);
  let document = BEGINNING;
  for (let step = 0; step < 60; step += 1) {
    const command = hand.next(document);
    if (command && command.do !== 'makeSubgraph') document = apply(document, command);
  }
  // A node by its mode, or a definition's own default, is not in question here.
  return [document, Object.keys(nodesOf(document)).filter(() => hand.whole(2) === 0)];
};

const subgraphOf = (document: WorkflowDocument, items: string[]): [WorkflowDocument, string] => {
  const id = freshId('made', (one) => Object.hasOwn(nodesOf(document), one));
  const name = freshId('made', (one) => Object.hasOwn(document.graphs ?? {}, one));
  return [apply(document, { do: 'makeSubgraph', graph: '', items, name, id, x: 0, y: 0 }), id];
};

describe('F5: a subgraph', () => {
  it('that is made and unpacked again leaves the same graph, for 150 workflows', () => {
    let made = 0;
    for (let seed = 1; seed <= 150; seed += 1) {
      const [document, items] = grown(seed);
      const [packed, id] = subgraphOf(document, items);
      if (packed === document) continue;
      made += 1;
      expect(faults(packed), `seed ${seed}`).toEqual([]);
      const again = apply(packed, { do: 'unpack', graph: '', node: id });
      expect(faults(again), `seed ${seed}`).toEqual([]);
      expect(meaning(again), `seed ${seed}`).toEqual(meaning(document));
    }
    expect(made).toBeGreaterThan(50);
  });

  it('stands in the frame of what it was made of, and unpacking puts that back, notes and bends too', () => {
    const [packed, id] = subgraphOf(BEGINNING, ['noise', 'note:n']);
    expect(canvasOf(packed).frames!['inner']!.members).toEqual([id, 'soft']);
    const { frames, notes, reroutes, routes } = canvasOf(
      apply(packed, { do: 'unpack', graph: '', node: id }),
    );
    expect(frames!['inner']!.members!.toSorted()).toEqual(['noise', 'note:n', 'soft']);
    expect(notes!['n']).toMatchObject({ text: 'Noted' });
    expect(reroutes!['r']!.source).toBe('noise.out');
    expect(routes).toEqual({ 'grid.images#2': 'r_2' });
  });

  it('takes the links of a list along, in their order, when none of it stays inside', () => {
    const [packed, id] = subgraphOf(BEGINNING, ['grid']);
    const definition = packed.graphs![definitionOf(nodesOf(packed)[id]!.type)!]!;
    expect(nodesOf(packed)[id]!.links).toEqual({
      images: ['soft.image', 'again.image', 'noise.out'],
    });
    expect(definition.inputs).toEqual({ images: { to: ['grid.images'] } });
    expect(packed.outputs).toEqual({ result: `${id}.grid` });
  });

  it('is refused with a reason where it would wait for itself or break a list', () => {
    expect(whyNoSubgraph(BEGINNING, ['noise', 'again'])).toBe('circle');
    expect(whyNoSubgraph(BEGINNING, ['again', 'grid'])).toBe('list');
    expect(whyNoSubgraph(BEGINNING, ['soft', 'again', 'noise', 'grid'])).toBeNull();
    expect(subgraphOf(BEGINNING, ['noise', 'again'])[0]).toBe(BEGINNING);
  });

  it('unpacked where names are taken gives fresh ids, and its neighbours their own', () => {
    let document = apply(BEGINNING, { do: 'unpack', graph: '', node: 'soft' });
    document = apply(document, { do: 'unpack', graph: '', node: 'again' });
    expect(Object.keys(nodesOf(document))).toEqual(['noise', 'blur', 'blur_2', 'grid']);
    expect(nodesOf(document)['blur_2']!.links).toEqual({ image: 'blur.out' });
    expect(nodesOf(document)['grid']!.links).toEqual({
      images: ['blur.out', 'blur_2.out', 'noise.out'],
    });
    expect(document.inputs!['radius']).toEqual({
      to: ['blur.radius', 'blur_2.radius'],
      default: 4,
    });
  });
});

describe('F6: what a definition offers', () => {
  it('keeps its links under a new name, in whatever graph it is used', () => {
    const renamed = apply(BEGINNING, {
      do: 'renameInput',
      graph: 'softly',
      name: 'radius',
      to: 'size',
    });
    expect(renamed.inputs!['radius']!.to).toEqual(['soft.size', 'again.size']);
    const out = apply(renamed, { do: 'renameOutput', graph: 'softly', name: 'image', to: 'soft' });
    expect(nodesOf(out)['grid']!.links!['images']).toEqual([
      'soft.soft',
      'again.soft',
      'noise.out',
    ]);
    expect(faults(out)).toEqual([]);
  });

  it('leaves no link behind when it is taken away', () => {
    const gone = apply(BEGINNING, { do: 'setOutput', graph: 'softly', name: 'image', from: null });
    expect(edgesOf(gone).map((edge) => edge.id)).toEqual([
      'noise.out>soft.image',
      'noise.out>grid.images',
    ]);
    const bare = apply(BEGINNING, { do: 'remove', graph: 'softly', items: ['blur'] });
    expect(bare.inputs).toEqual({ seed: { to: 'noise.seed' } });
    expect(faults(bare)).toEqual([]);
  });

  it('belongs to each node that uses it: an own copy changes nothing elsewhere', () => {
    const own = apply(BEGINNING, { do: 'ownCopy', graph: '', node: 'again', name: 'mine' });
    const changed = apply(own, {
      do: 'setValue',
      graph: 'mine',
      node: 'blur',
      port: 'mask',
      value: 1,
    });
    expect(graphOf(changed, 'softly')).toBe(graphOf(BEGINNING, 'softly'));
  });
});

describe('F1, F2: frames', () => {
  it('take their members along, and the members of frames within them', () => {
    const moved = withMembers(canvasOf(BEGINNING), ['frame:outer']);
    expect([...moved].toSorted()).toEqual(
      ['frame:outer', 'frame:inner', 'grid', 'noise', 'note:n', 'soft'].toSorted(),
    );
  });

  it('have members that are named, one frame for each, and are never within themselves', () => {
    const into = (items: string[], frame: string | null) =>
      canvasOf(apply(BEGINNING, { do: 'putIntoFrame', graph: '', items, frame })).frames!;
    expect(into(['grid'], 'inner')['outer']!.members).toEqual(['frame:inner']);
    expect(into(['grid'], 'inner')['inner']!.members).toContain('grid');
    expect(into(['frame:outer'], 'inner')).toEqual(canvasOf(BEGINNING).frames);
    expect(into(['noise'], null)['inner']!.members).toEqual(['soft', 'note:n']);
  });

  it('leave their members in the frame around them when they are removed', () => {
    const left = apply(BEGINNING, { do: 'remove', graph: '', items: ['frame:inner'] });
    expect(canvasOf(left).frames!['outer']!.members).toEqual(['noise', 'soft', 'note:n', 'grid']);
    expect(nodesOf(left)).toBe(nodesOf(BEGINNING));
  });
});
