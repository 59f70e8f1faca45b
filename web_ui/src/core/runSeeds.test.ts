import { describe, expect, it } from 'vitest';
import { EMPTY_CATALOGUE } from './catalogue';
import { apply } from './commands';
import type { SeedMode, WorkflowDocument } from './document';
import { prepareRuns } from './runSeeds';

const bits = (...values: number[]) => {
  let at = 0;
  return () => values[at++ % values.length]!;
};

const document = (mode: SeedMode, more: Partial<WorkflowDocument> = {}): WorkflowDocument => ({
  musegraph: 1,
  nodes: { a: { type: 'x.noise', values: { seed: 7, size: 3 } } },
  canvas: { nodes: { a: { x: 0, y: 0, seeds: { seed: mode } } } },
  ...more,
});

const seeds = (documents: readonly WorkflowDocument[]) =>
  documents.map((one) => one.nodes!['a']!.values!['seed']);

describe('R7: seeds of the next run', () => {
  it('a fixed seed stays, and nothing is written', () => {
    const made = prepareRuns(document('fixed'), EMPTY_CATALOGUE, null, 3);
    expect(seeds(made.documents)).toEqual([7, 7, 7]);
    expect(made.commands).toEqual([]);
  });

  it('a random one is new for every run; the document shows that of the last', () => {
    const start = document('random');
    const made = prepareRuns(start, EMPTY_CATALOGUE, null, 2, bits(0, 5, 0, 9));
    expect(seeds(made.documents)).toEqual([5, 9]);
    expect(made.commands.reduce(apply, start)).toEqual(made.documents[1]);
  });

  it('one that counts up begins with what stands there, and goes on from the last run', () => {
    const start = document('increment');
    const first = prepareRuns(start, EMPTY_CATALOGUE, null, 3);
    expect(seeds(first.documents)).toEqual([7, 8, 9]);
    const shown = first.commands.reduce(apply, start);
    const second = prepareRuns(shown, EMPTY_CATALOGUE, first.documents[2]!, 1);
    expect(seeds(second.documents)).toEqual([10]);
  });

  it('the seed of a named input is written where it stands', () => {
    const named: WorkflowDocument = {
      musegraph: 1,
      inputs: { seed: { to: ['a.seed'], default: 1 } },
      nodes: { a: { type: 'x.noise' } },
      canvas: {
        nodes: { a: { x: 0, y: 0, seeds: { seed: 'random' } } },
        inputs: { seed: { seed: 'increment' } },
      },
    };
    const made = prepareRuns(named, EMPTY_CATALOGUE, named, 2);
    expect(made.documents.map((one) => one.inputs!['seed']!.default)).toEqual([2, 3]);
    expect(made.documents[1]!.nodes).toEqual(named.nodes);
  });

  it('a seed that is linked is not touched, one in a subgraph is', () => {
    const start = document('random', {
      nodes: { a: { type: 'x.noise', links: { seed: 'b.out' } }, g: { type: 'graph:inner' } },
      graphs: {
        inner: {
          nodes: { n: { type: 'x.noise', values: { seed: 1 } } },
          canvas: { nodes: { n: { x: 0, y: 0, seeds: { seed: 'random' } } } },
        },
      },
    });
    const made = prepareRuns(start, EMPTY_CATALOGUE, null, 1, bits(0, 42));
    expect(made.commands).toHaveLength(1);
    expect(made.documents[0]!.graphs!['inner']!.nodes!['n']!.values).toEqual({ seed: 42 });
  });
});
