import { describe, expect, it } from 'vitest';
import { apply, copyItems, readFragment, type Command } from '.';
import { canvasOf, edgesOf, nodesOf, type WorkflowDocument } from '../document';
import { bendsOf } from '../project';
import { BEGINNING } from '../testing/commands';
import { faults } from '../testing/sound';

const after = (...commands: Command[]): WorkflowDocument => {
  const made = apply(BEGINNING, { do: 'batch', commands });
  expect(faults(made)).toEqual([]);
  return made;
};
const on = { graph: '' } as const;
const addBlur: Command = {
  do: 'addNode',
  ...on,
  id: 'blur',
  node: { type: 't.blur', values: { radius: 7, image: { file: 'a.png' } } },
  layout: { x: 0, y: 0 },
};

describe('W2: a link', () => {
  it('puts the value at its port aside, which comes back when it is cut', () => {
    const linked = after(addBlur, { do: 'connect', ...on, from: 'noise.out', to: 'blur.image' });
    expect(nodesOf(linked)['blur']).toMatchObject({
      values: { radius: 7 },
      links: { image: 'noise.out' },
    });
    const cut = apply(linked, { do: 'disconnect', ...on, to: 'blur.image' });
    expect(nodesOf(cut)['blur']!.values).toEqual({ radius: 7, image: { file: 'a.png' } });
    expect(canvasOf(cut).nodes!['blur']).toEqual({ x: 0, y: 0 });
  });

  it('gives the value back as well when the node that it came from is removed or replaced', () => {
    const linked = after(addBlur, { do: 'connect', ...on, from: 'noise.out', to: 'blur.image' });
    const gone = apply(linked, { do: 'remove', ...on, items: ['noise'] });
    expect(nodesOf(gone)['blur']!.values).toMatchObject({ image: { file: 'a.png' } });
    const other = apply(linked, {
      do: 'replaceNode',
      ...on,
      id: 'noise',
      node: { type: 't.text' },
      inputs: ['text'],
      outputs: {},
    });
    expect(nodesOf(other)['blur']!.values).toMatchObject({ image: { file: 'a.png' } });
    expect(faults(other)).toEqual([]);
  });

  it('frees a named input, whose value is there again when the link is cut', () => {
    const linked = after({ do: 'connect', ...on, from: 'noise.used', to: 'soft.radius' });
    expect(linked.inputs!['radius']).toEqual({ to: ['again.radius'], default: 4 });
    const cut = apply(linked, { do: 'disconnect', ...on, to: 'soft.radius' });
    expect(nodesOf(cut)['soft']!.values).toEqual({ radius: 4 });
    const both = apply(linked, { do: 'connect', ...on, from: 'noise.used', to: 'again.radius' });
    expect(both.inputs).toEqual({ seed: { to: 'noise.seed' } });
  });

  it('comes from a node that is there', () => {
    expect(apply(BEGINNING, { do: 'connect', ...on, from: 'none.out', to: 'soft.mask' })).toBe(
      BEGINNING,
    );
  });
});

describe('W7: links of a list', () => {
  it('keep their order and their bends when one comes, goes or changes its place', () => {
    const bent = (document: WorkflowDocument) =>
      edgesOf(document)
        .filter((edge) => bendsOf(document, edge).length)
        .map((edge) => [edge.source, edge.index]);
    expect(bent(BEGINNING)).toEqual([['noise', 2]]);
    expect(bent(after({ do: 'disconnect', ...on, to: 'grid.images', index: 0 }))).toEqual([
      ['noise', 1],
    ]);
    expect(
      bent(
        after({
          do: 'reorderLinks',
          ...on,
          to: 'grid.images',
          sources: ['noise.out', 'soft.image', 'again.image'],
        }),
      ),
    ).toEqual([['noise', 0]]);
    expect(
      bent(after(addBlur, { do: 'connect', ...on, from: 'blur.out', to: 'grid.images', among: 0 })),
    ).toEqual([['noise', 3]]);
    const last = after(
      { do: 'disconnect', ...on, to: 'grid.images', index: 1 },
      { do: 'disconnect', ...on, to: 'grid.images', index: 0 },
    );
    expect(nodesOf(last)['grid']!.links).toEqual({ images: 'noise.out' });
    expect(bent(last)).toEqual([['noise', null]]);
  });
});

describe('F4: reroutes', () => {
  it('bend a link, in a row, and heal it when one is removed', () => {
    const edge = (document: WorkflowDocument) => edgesOf(document).find((one) => one.index === 2)!;
    const added = after({
      do: 'addReroute',
      ...on,
      id: 'mid',
      x: 1,
      y: 1,
      source: 'reroute:r',
      through: ['reroute:r_2'],
    });
    expect(bendsOf(added, edge(added))).toEqual(['r', 'mid', 'r_2']);
    const without = apply(added, { do: 'remove', ...on, items: ['reroute:r'] });
    expect(bendsOf(without, edge(without))).toEqual(['mid', 'r_2']);
    const straight = apply(without, { do: 'remove', ...on, items: ['reroute:mid', 'reroute:r_2'] });
    expect(bendsOf(straight, edge(straight))).toEqual([]);
    expect(nodesOf(straight)).toBe(nodesOf(BEGINNING));
    expect(canvasOf(straight)).not.toHaveProperty('routes');
  });
});

describe('U7: copies', () => {
  const paste = (items: string[], incoming: boolean) =>
    after({
      do: 'paste',
      ...on,
      fragment: copyItems(BEGINNING, '', items),
      by: { x: 24, y: 24 },
      incoming,
    });

  it('get ids of their own and keep only the links among them', () => {
    const pasted = paste(['frame:inner'], false);
    expect(nodesOf(pasted)).toMatchObject({
      noise_2: { type: 't.noise' },
      soft_2: { type: 'graph:softly', links: { image: 'noise_2.out' }, values: { radius: 4 } },
    });
    expect(canvasOf(pasted).frames!['inner_2']).toMatchObject({
      x: 24,
      y: -16,
      members: ['noise_2', 'soft_2', 'note:n_2'],
    });
    expect(new Set(edgesOf(pasted).map((edge) => edge.id)).size).toBe(edgesOf(pasted).length);
    expect(nodesOf(paste(['again'], false))['again_2']).not.toHaveProperty('links');
  });

  it('keep the links that came in from elsewhere if asked to', () => {
    expect(nodesOf(paste(['again'], true))['again_2']!.links).toEqual({ image: 'soft.image' });
    expect(nodesOf(paste(['grid'], true))['grid_2']!.links).toEqual({
      images: ['soft.image', 'again.image', 'noise.out'],
    });
  });

  it('bring the definitions they use, beside others of the same names', () => {
    const fragment = copyItems(BEGINNING, '', ['soft']);
    const there = apply(BEGINNING, {
      do: 'setValue',
      graph: 'softly',
      node: 'blur',
      port: 'mask',
      value: 1,
    });
    const pasted = apply(there, { do: 'paste', ...on, fragment, by: { x: 0, y: 0 } });
    expect(nodesOf(pasted)['soft_2']!.type).toBe('graph:softly_2');
    expect(pasted.graphs!['softly_2']).toEqual(BEGINNING.graphs!['softly']);
    expect(pasted.graphs!['softly']).toBe(there.graphs!['softly']);
  });

  it('are read from text that is a fragment, and from nothing else', () => {
    const fragment = copyItems(BEGINNING, '', ['soft', 'noise']);
    expect(readFragment(JSON.stringify(fragment))).toEqual(fragment);
    for (const text of [
      '',
      'null',
      '{}',
      '{"musegraphFragment":1,"nodes":null}',
      '{"musegraphFragment":1,"nodes":{"a":5}}',
      '{"musegraphFragment":1,"nodes":{},"graphs":7}',
    ])
      expect(readFragment(text)).toBeNull();
  });
});

describe('S8: another id', () => {
  it('is followed by links, names, frames and bends', () => {
    const renamed = after({ do: 'renameNode', ...on, node: 'noise', to: 'grain' });
    expect(JSON.stringify(renamed)).not.toContain('"noise');
    expect(JSON.stringify(renamed).replaceAll('grain', 'noise')).toBe(JSON.stringify(BEGINNING));
    expect(apply(BEGINNING, { do: 'renameNode', ...on, node: 'noise', to: 'grid' })).toBe(
      BEGINNING,
    );
  });
});

describe('A9: another type', () => {
  it('keeps links and bends where ports are named alike or told to be, as one change', () => {
    const replaced = after({
      do: 'replaceNode',
      ...on,
      id: 'noise',
      node: { type: 't.split', values: { image: null } },
      inputs: ['image'],
      outputs: { out: 'color' },
    });
    expect(edgesOf(replaced).map((edge) => edge.id)).toContain('noise.color>soft.image');
    expect(replaced.inputs).not.toHaveProperty('seed');
    expect(canvasOf(replaced).reroutes!['r']!.source).toBe('noise.color');
    expect(canvasOf(replaced).routes).toEqual({ 'grid.images#2': 'r_2' });
  });
});
