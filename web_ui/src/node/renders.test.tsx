// @vitest-environment happy-dom
import { ReactFlow, ReactFlowProvider } from '@xyflow/react';
import { act, cleanup, render } from '@testing-library/react';
import { Profiler, type ComponentType } from 'react';
import { afterEach, beforeAll, describe, expect, it, vi } from 'vitest';
import type { ServerEvent } from '@/api/events';
import { Flow } from '@/canvas/flow';
import { Link } from '@/canvas/Link';
import { makeCatalogue, type NodeFacts } from '@/core/catalogue';
import type { WorkflowDocument } from '@/core/document';
import { startTexts } from '@/i18n';
import { DocumentProvider } from '@/state/context';
import { book } from '@/state/runs';
import { openDocument, setCatalogue } from '@/state/workspace';
import { NodeCard } from './NodeCard';

const NODE: NodeFacts = {
  id: 't.work',
  version: '1',
  title: 'Work',
  text: '',
  inputs: { in: { type: 'Number', default: 1 } },
  outputs: { out: { type: 'Number' } },
};
const DOCUMENT: WorkflowDocument = {
  musegraph: 1,
  nodes: Object.fromEntries(
    Array.from({ length: 6 }, (_, at) => [
      `n${at}`,
      { type: 't.work', ...(at ? { links: { in: `n${at - 1}.out` } } : {}) },
    ]),
  ),
};

const renders: string[] = [];

type Any = ComponentType<Record<string, unknown>>;

const counted = (kind: string, Inner: Any) =>
  function Counted(props: { id: string } & Record<string, unknown>) {
    return (
      <Profiler id={`${kind} ${props.id}`} onRender={(id) => renders.push(id)}>
        <Inner {...props} />
      </Profiler>
    );
  };

const NODES = { card: counted('node', NodeCard as unknown as Any) };
const EDGES = { link: counted('link', Link as unknown as Any) };

beforeAll(async () => {
  vi.stubGlobal(
    'ResizeObserver',
    class {
      observe(): void {}
      unobserve(): void {}
      disconnect(): void {}
    },
  );
  await startTexts('en');
  setCatalogue(makeCatalogue([NODE]));
});
afterEach(cleanup);

const facts = {
  number: 1,
  id: 'r1',
  name: '',
  state: 'running' as const,
  priority: 0,
  attempt: 1,
  worker: null,
  client: '',
  steps: 6,
  submitted: 0,
  started: 0,
  finished: null,
  error: null,
  outputs: {},
};

describe('what an event draws anew', () => {
  it('G7: progress of a step renders exactly its node and no link', () => {
    const store = openDocument(DOCUMENT);
    const { projected, uid } = store.getState();
    const flow = new Flow();
    const { container } = render(
      <DocumentProvider value={store}>
        <ReactFlowProvider>
          <ReactFlow
            width={2000}
            height={800}
            nodes={flow.nodes(projected, new Set(), new Map(), () => '')}
            edges={flow.links(projected, new Set())}
            nodeTypes={NODES as never}
            edgeTypes={EDGES as never}
          />
        </ReactFlowProvider>
      </DocumentProvider>,
    );
    expect(container.querySelectorAll('article')).toHaveLength(6);
    expect(renders.filter((one) => one.startsWith('link')).length).toBeGreaterThan(0);
    act(() => book.bind(facts, uid, DOCUMENT, []));
    const step = { run: 'r1', node: 'n3', seq: 1, time: 0 };
    act(() => book.take({ ...step, type: 'step_started', kind: 't.work', number: 1 }));
    renders.length = 0;
    const progress = { ...step, type: 'step_progress', done: 2, total: 4 } as ServerEvent;
    act(() => book.take(progress));
    expect(renders).toEqual(['node n3']);
    expect(container.querySelector('[data-id="n3"]')!.textContent).toContain('50 %');
    const warning = { ...step, type: 'warning', message: 'the ( has no partner' } as ServerEvent;
    act(() => book.take(warning));
    expect(container.querySelector('[data-id="n3"] [data-kind="warning"]')!.textContent).toBe(
      'the ( has no partner',
    );
  });
});
