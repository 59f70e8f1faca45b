import { describe, expect, it } from 'vitest';
import type { WorkflowDocument } from './document';
import { around, canvasPath, Comparison, involved, sameWork, stepOf } from './running';

const DOCUMENT: WorkflowDocument = {
  musegraph: 1,
  inputs: { size: { to: 'a.size', default: 4 } },
  outputs: { picture: 'g.out', extra: 'x.out' },
  nodes: {
    a: { type: 't.make' },
    b: { type: 't.make', values: { size: 1 } },
    g: { type: 'graph:inner', links: { in: 'a.out' } },
    r: { type: 'graph:inner', links: { in: 'b.out' }, repeat: { times: 3 } },
    x: { type: 't.use', links: { in: ['a.out', 'b.out'] } },
    m: { type: 't.use', mode: 'mute' },
  },
  graphs: {
    inner: {
      inputs: { in: { to: 'one.in' } },
      outputs: { out: 'two.out' },
      nodes: {
        one: { type: 't.use' },
        two: { type: 't.use', links: { in: 'one.out' } },
        loose: { type: 't.use' },
      },
    },
  },
};

const changed = (change: (document: WorkflowDocument) => void): WorkflowDocument => {
  const copy = structuredClone(DOCUMENT);
  change(copy);
  return copy;
};

describe('which nodes a run is about', () => {
  it('all that the named outputs need, inside graphs too, and nothing else', () => {
    expect([...involved(DOCUMENT, [])].toSorted()).toEqual(['a', 'b', 'g', 'g/one', 'g/two', 'x']);
  });

  it('R2: with nodes or outputs given, those and what stands above them', () => {
    expect([...involved(DOCUMENT, ['picture'])].toSorted()).toEqual(['a', 'g', 'g/one', 'g/two']);
    expect([...involved(DOCUMENT, ['b'])]).toEqual(['b']);
  });

  it('without outputs everything that is not muted', () => {
    const { outputs: _outputs, ...bare } = DOCUMENT;
    expect(involved(bare, []).has('r/two')).toBe(true);
    expect(involved(bare, []).has('m')).toBe(false);
  });
});

describe('paths', () => {
  it('leave out the turns of what is repeated', () => {
    expect(canvasPath('r/2/one')).toBe('r/one');
    expect(around('r/inner/one')).toEqual(['r/inner', 'r']);
  });

  it('lead from a graph to the step that makes what it gives, in its last turn', () => {
    expect(stepOf(DOCUMENT, '', '', { node: 'g', port: 'out' })).toEqual({
      path: 'g/two',
      port: 'out',
    });
    expect(stepOf(DOCUMENT, '', '', { node: 'r', port: 'out' })!.path).toBe('r/3/two');
    expect(stepOf(DOCUMENT, '', '', { node: 'g', port: 'none' })).toBeNull();
  });
});

describe('what has changed since', () => {
  const same = (now: WorkflowDocument, path: string) => new Comparison(DOCUMENT, now).same(path);

  it('a value changes its node and all below, not what stands beside', () => {
    const now = changed((one) => (one.nodes!['b']!.values = { size: 2 }));
    expect(['a', 'b', 'g', 'x', 'r/one'].map((path) => same(now, path))).toEqual([
      true,
      false,
      true,
      false,
      false,
    ]);
  });

  it('a named input changes the nodes that it sets', () => {
    const now = changed((one) => (one.inputs!['size']!.default = 5));
    expect(same(now, 'a')).toBe(false);
    expect(same(now, 'g/two')).toBe(false);
    expect(same(now, 'b')).toBe(true);
  });

  it('what is changed inside a graph changes its nodes below and the graph as a whole', () => {
    const now = changed((one) => (one.graphs!['inner']!.nodes!['two']!.values = { k: 1 }));
    expect(same(now, 'g/one')).toBe(true);
    expect(same(now, 'g/two')).toBe(false);
    expect(same(now, 'g')).toBe(false);
  });

  it('R8: what is pinned is not out of date, whatever changes above it', () => {
    const now = changed((one) => {
      one.nodes!['b']!.values = { size: 2 };
      one.nodes!['x']!.pin = { out: 'json:1' };
    });
    expect(same(now, 'b')).toBe(false);
    expect(same(now, 'x')).toBe(true);
    const other = changed((one) => (one.nodes!['x']!.pin = { out: 'json:2' }));
    expect(new Comparison(now, other).same('x')).toBe(false);
  });

  it('the canvas, labels and empty maps change nothing; a link that is gone does', () => {
    const now = changed((one) => {
      one.canvas = { nodes: { a: { x: 1, y: 1 } } };
      one.nodes!['a']!.values = {};
      one.inputs!['size']!.label = 'Size';
    });
    expect(sameWork(DOCUMENT, now)).toBe(true);
    const cut = changed((one) => delete one.nodes!['g']!.links);
    expect(sameWork(DOCUMENT, cut)).toBe(false);
    expect(same(cut, 'a')).toBe(true);
  });
});
