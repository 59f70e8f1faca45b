import { beforeEach, describe, expect, it } from 'vitest';
import type { ServerEvent } from '@/api/events';
import type { WorkflowDocument } from '@/core/document';
import { RunBook, type RunFacts } from './book';

const DOCUMENT: WorkflowDocument = {
  musegraph: 1,
  outputs: { out: 'b.out' },
  nodes: {
    a: { type: 'core.add', values: { a: 1 } },
    b: { type: 'core.add', links: { a: 'a.out' } },
    c: { type: 'core.add', values: { a: 3 } },
    g: { type: 'graph:inner', links: { x: 'b.out' } },
  },
  graphs: {
    inner: {
      inputs: { x: { to: 'one.a' } },
      outputs: { y: 'two.out' },
      nodes: {
        one: { type: 'core.add' },
        two: { type: 'core.add', links: { a: 'one.out' } },
      },
    },
  },
};

const facts = (id: string, state: RunFacts['state'], more: Partial<RunFacts> = {}): RunFacts => ({
  number: Number(id.replace(/\D/g, '')) || 1,
  id,
  name: 'Test',
  state,
  priority: 0,
  attempt: 1,
  worker: null,
  client: '',
  steps: 3,
  submitted: 0,
  started: null,
  finished: null,
  error: null,
  outputs: {},
  ...more,
});

let number = 0;
const step = (
  type: 'step_started' | 'step_progress' | 'step_done' | 'step_failed' | 'step_skipped',
  run: string,
  node: string,
  more: object = {},
): ServerEvent =>
  ({ type, run, node, seq: 0, time: 0, number: (number += 1), ...more }) as unknown as ServerEvent;
const done = (run: string, node: string, cached = false): ServerEvent =>
  step('step_done', run, node, { cached, seconds: 1.5, outputs: { out: `id-${run}-${node}` } });
const ran = (id: string, state: RunFacts['state'], more: Partial<RunFacts> = {}): ServerEvent => ({
  type: 'run',
  number: (number += 1),
  run: id,
  facts: facts(id, state, more),
});

let documents: Map<string, WorkflowDocument>;
let book: RunBook;
let now: number;

beforeEach(() => {
  documents = new Map([['d1', DOCUMENT]]);
  now = 1000;
  book = new RunBook(
    (uid) => documents.get(uid),
    () => null,
    () => now,
  );
});

const submit = (id: string, uid = 'd1', only: string[] = []): void =>
  book.bind(facts(id, 'queued'), uid, documents.get(uid)!, only);

describe('nodes and runs', () => {
  it('R3: a node is queued, then running with its progress, then done with its time', () => {
    expect(book.node('d1', 'b')).toBeNull();
    submit('r1');
    expect(book.node('d1', 'b')).toMatchObject({ status: 'queued', run: 'r1' });
    expect(book.node('d1', 'c'), 'no output needs it').toBeNull();
    book.take(ran('r1', 'running'));
    book.take(step('step_started', 'r1', 'b'));
    book.take(step('step_progress', 'r1', 'b', { done: 3, total: 10, preview: 'data:x' }));
    expect(book.node('d1', 'b')).toMatchObject({
      status: 'running',
      began: 1000,
      progress: { done: 3, total: 10 },
      preview: 'data:x',
    });
    book.take(done('r1', 'b'));
    expect(book.node('d1', 'b')).toMatchObject({
      status: 'done',
      seconds: 1.5,
      stale: false,
      preview: null,
      result: { run: 'r1', step: 'b', outputs: { out: 'id-r1-b' } },
    });
  });

  it('R3: cached, failed and skipped are told apart, with the reason', () => {
    submit('r1');
    book.take(ran('r1', 'running'));
    book.take(done('r1', 'a', true));
    book.take(step('step_failed', 'r1', 'b', { code: 'failed', message: 'no memory' }));
    expect(book.node('d1', 'a')!.status).toBe('cached');
    expect(book.node('d1', 'b')).toMatchObject({
      status: 'failed',
      error: { code: 'failed', message: 'no memory' },
      result: null,
    });
    book.take(step('step_skipped', 'r1', 'g/one', { because: 'b failed' }));
    expect(book.node('d1', 'g/one')).toMatchObject({ status: 'skipped', because: 'b failed' });
  });

  it('L5: of a failed run the step is found that its line is about, also after a reload', () => {
    submit('r1');
    expect(book.failedStep('r1')).toBeNull();
    const said = { code: 'failed', message: 'no memory', sentence: 'out-of-memory', parts: {} };
    book.take(step('step_failed', 'r1', 'a', { code: 'failed', message: 'another' }));
    book.take(step('step_failed', 'r1', 'b', said));
    book.take(ran('r1', 'failed', { error: 'b: no memory' }));
    expect(book.failedStep('r1')).toMatchObject({ path: 'b', error: said });
    book.note(facts('r1', 'failed', { error: 'the worker was lost' }));
    expect(book.failedStep('r1')).toBeNull();
  });

  it('R2: a run to a node queues its ancestors and nothing else', () => {
    submit('r1', 'd1', ['a']);
    expect(book.node('d1', 'a')!.status).toBe('queued');
    expect(book.node('d1', 'b')).toBeNull();
  });

  it('stale: a node is out of date once it or what stands above it has changed, and not before', () => {
    submit('r1');
    for (const event of [ran('r1', 'running'), done('r1', 'a'), done('r1', 'b'), ran('r1', 'done')])
      book.take(event);
    const before = book.node('d1', 'a');
    documents.set('d1', {
      ...DOCUMENT,
      nodes: { ...DOCUMENT.nodes, b: { ...DOCUMENT.nodes!.b!, values: { b: 2 } } },
    });
    book.look('d1');
    expect(book.node('d1', 'a'), 'the same object: nothing to draw').toBe(before);
    expect(book.node('d1', 'b')!.stale).toBe(true);
    documents.set('d1', { ...DOCUMENT, canvas: { nodes: { a: { x: 9, y: 9 } } } });
    book.look('d1');
    expect(book.node('d1', 'b')!.stale, 'moved, not changed').toBe(false);
  });

  it('U4: what a node gave stays through edits, undo and a run that has not come to it', () => {
    submit('r1');
    book.take(ran('r1', 'running'));
    book.take(done('r1', 'b'));
    book.take(ran('r1', 'done'));
    submit('r2');
    expect(book.node('d1', 'b')).toMatchObject({ status: 'queued', result: { run: 'r1' } });
    book.take(ran('r2', 'running'));
    book.take(step('step_started', 'r2', 'b'));
    expect(book.node('d1', 'b')).toMatchObject({ status: 'running', result: { run: 'r1' } });
    book.take(ran('r2', 'cancelled'));
    expect(book.node('d1', 'b')).toMatchObject({ status: 'done', run: 'r1' });
  });

  it('a node shows the run that works on it, though others wait behind', () => {
    submit('r1');
    submit('r2');
    book.take(ran('r1', 'running'));
    book.take(step('step_started', 'r1', 'a'));
    expect(book.node('d1', 'a')).toMatchObject({ status: 'running', run: 'r1' });
    expect(book.node('d1', 'b')).toMatchObject({ status: 'queued' });
  });

  it('R5: events go to the document of the run, never to another', () => {
    documents.set('d2', DOCUMENT);
    submit('r1', 'd1');
    submit('r2', 'd2');
    book.take(ran('r1', 'running'));
    book.take(step('step_started', 'r1', 'a'));
    expect(book.node('d1', 'a')!.status).toBe('running');
    expect(book.node('d2', 'a')!.status).toBe('queued');
  });

  it('F8: the node of a graph shows what happens inside', () => {
    documents.set('d1', { ...DOCUMENT, outputs: { out: 'g.y' } });
    submit('r1');
    book.take(ran('r1', 'running'));
    book.take(done('r1', 'g/one'));
    expect(book.node('d1', 'g')).toMatchObject({
      status: 'running',
      progress: { done: 1, total: 2 },
    });
    book.take(step('step_started', 'r1', 'g/two'));
    book.take(step('step_failed', 'r1', 'g/two', { code: 'failed', message: 'inside' }));
    expect(book.node('d1', 'g')).toMatchObject({ status: 'failed', error: { message: 'inside' } });
  });

  it('the turns of a repeated graph are one node each', () => {
    documents.set('d1', { ...DOCUMENT, outputs: { out: 'g.y' } });
    submit('r1');
    book.take(ran('r1', 'running'));
    for (const event of [done('r1', 'g/1/one'), done('r1', 'g/2/one'), done('r1', 'g/1/two')])
      book.take(event);
    expect(book.node('d1', 'g/one')).toMatchObject({ status: 'done', result: { step: 'g/2/one' } });
  });

  it('G7: an event of a step wakes its node and the nodes around it, and no other', () => {
    documents.set('d1', { ...DOCUMENT, outputs: { out: 'g.y' } });
    submit('r1');
    book.take(ran('r1', 'running'));
    const woken: string[] = [];
    for (const path of ['a', 'b', 'c', 'g', 'g/one', 'g/two'])
      book.subscribe(`node d1 ${path}`, () => woken.push(path));
    book.take(step('step_started', 'r1', 'g/one'));
    expect(woken).toEqual(['g/one', 'g']);
    woken.length = 0;
    book.take(step('step_progress', 'r1', 'a', { done: 1, total: 2 }));
    expect(woken, 'what comes late of a step that does not run is nothing').toEqual([]);
  });

  it('a run that was over before it was known whose it is shows what it did', () => {
    for (const event of [ran('r1', 'running'), done('r1', 'a', true), ran('r1', 'done')])
      book.take(event);
    book.bind(book.runs.get('r1')!.facts, 'd1', DOCUMENT, []);
    expect(book.node('d1', 'a')).toMatchObject({ status: 'cached', run: 'r1' });
  });

  it('R4: the states that were asked for replace what was known, with times of this clock', () => {
    submit('r1');
    book.settle({
      run: 'r1',
      state: 'running',
      epoch: 'e',
      number: 5,
      now: 100,
      planned: {},
      steps: {
        a: {
          state: 'running',
          started: 98,
          seconds: null,
          progress: { done: 1, total: 4, text: null, item: null, items: null },
          preview: 'data:p',
          outputs: {},
          error: null,
          because: null,
          warnings: [],
          makeshift: false,
        },
      },
    });
    expect(book.node('d1', 'a')).toMatchObject({
      status: 'running',
      began: now - 2000,
      preview: 'data:p',
    });
  });
});

describe('the queue', () => {
  it('holds what runs first, then what waits by priority', () => {
    for (const id of ['r1', 'r2']) book.take(ran(id, 'queued'));
    book.take(ran('r3', 'queued', { priority: 1 }));
    expect(book.queue).toEqual(['r3', 'r1', 'r2']);
    book.take(ran('r2', 'running'));
    expect(book.queue).toEqual(['r2', 'r3', 'r1']);
    book.take(ran('r2', 'done', { finished: 5 }));
    expect(book.queue).toEqual(['r3', 'r1']);
    expect(book.ended).toEqual(['r2']);
  });

  it('R6: says after a gap which runs are thought to be on and are not', () => {
    for (const id of ['r1', 'r2']) book.take(ran(id, 'running'));
    expect(book.settleQueue([facts('r2', 'running')], true)).toEqual(['r1']);
    expect(book.queue).toEqual(['r2']);
    expect(book.paused).toBe(true);
  });

  it('a run that is tried again starts over', () => {
    submit('r1');
    book.take(ran('r1', 'running'));
    book.take(step('step_started', 'r1', 'a'));
    book.take(ran('r1', 'queued'));
    book.take(ran('r1', 'running', { attempt: 2 }));
    expect(book.node('d1', 'a')!.status).toBe('queued');
  });

  it('what was forgotten is gone from all lists', () => {
    book.take(ran('r1', 'done'));
    book.take({ type: 'forgotten', number: 9, run: 'r1' });
    expect(book.ended).toEqual([]);
    expect(book.runs.has('r1')).toBe(false);
  });
});
