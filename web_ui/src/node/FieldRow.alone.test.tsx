// @vitest-environment happy-dom
import { act, cleanup, fireEvent, render, screen } from '@testing-library/react';
import { ReactFlowProvider } from '@xyflow/react';
import type { ComponentProps } from 'react';
import { afterEach, beforeAll, beforeEach, expect, it, vi } from 'vitest';
import { useStore } from 'zustand';
import { makeCatalogue, type PortFacts } from '@/core/catalogue';
import { emptyDocument } from '@/core/document';
import { valueAt } from '@/core/geometry';
import { startTexts } from '@/i18n';
import { DocumentProvider } from '@/state/context';
import { createDocument, type DocumentStore } from '@/state/document';
import type * as Editors from './Editor';
import { FieldRow } from './FieldRow';

const SIZE: PortFacts = { type: 'Integer', default: 512, schema: { minimum: 1, maximum: 4096 } };

const CATALOGUE = makeCatalogue([
  {
    id: 'test.color',
    version: '1',
    title: 'Color',
    text: '',
    inputs: { width: SIZE, height: SIZE, seed: { type: 'Seed', default: 0 } },
    outputs: { out: { type: 'Image' } },
  },
]);

let store: DocumentStore;
let rendered: string[] = [];

// What a row renders whenever it renders itself.
vi.mock('./Editor', async (load) => {
  const { Editor } = await load<typeof Editors>();
  return {
    Editor: (props: ComponentProps<typeof Editor>) => {
      rendered.push(props.port.name);
      return <Editor {...props} />;
    },
  };
});

/** The rows of a node, as its card has them. */
function Rows() {
  const view = useStore(store, (state) => state.projected.views.get('a')!);
  return view.geometry.rows
    .filter((row) => row.field !== 'none')
    .map((row) => (
      <FieldRow
        key={row.y}
        id="a"
        row={row}
        {...valueAt(view, row.input!)}
        binding={view.bound[row.input!.name]}
        linked={false}
        problem={undefined}
        near
        disabled={false}
      />
    ));
}

beforeAll(() => startTexts('en'));
afterEach(cleanup);

beforeEach(() => {
  rendered = [];
  store = createDocument(
    { ...emptyDocument(), nodes: { a: { type: 'test.color' }, b: { type: 'test.color' } } },
    { catalogue: CATALOGUE },
  );
  render(
    <ReactFlowProvider>
      <DocumentProvider value={store}>
        <Rows />
      </DocumentProvider>
    </ReactFlowProvider>,
  );
  rendered = [];
});

const run = (command: Parameters<DocumentStore['run']>[0]): void => act(() => store.run(command));

it('G7: a value that changes renders its own row; one elsewhere, a move and a title render none', () => {
  run({ do: 'setValue', graph: '', node: 'a', port: 'height', value: 64 });
  expect(new Set(rendered)).toEqual(new Set(['height']));
  rendered = [];
  run({ do: 'setValue', graph: '', node: 'b', port: 'height', value: 64 });
  run({ do: 'move', graph: '', to: { a: { x: 800, y: 80 } } });
  run({ do: 'setLayout', graph: '', node: 'a', layout: { title: 'Grey', color: 'red' } });
  expect(rendered).toEqual([]);
});

it('a dot shows what is not the default, and brings it back', () => {
  const dot = () => screen.queryByRole('button', { name: 'Width: back to the default, 512' });
  expect(dot()).toBeNull();
  run({ do: 'setValue', graph: '', node: 'a', port: 'width', value: 64 });
  fireEvent.click(dot()!);
  expect(dot()).toBeNull();
  expect(store.getState().document.nodes!.a!.values).toBeUndefined();
});

it('R7: a seed that a named input sets goes on as that input says', () => {
  run({ do: 'expose', graph: '', name: 'noise', to: 'a.seed' });
  run({ do: 'setInputSeed', graph: '', name: 'noise', seed: 'increment' });
  expect(screen.getByRole('button', { name: 'The next run: One more for each run' })).toBeTruthy();
  fireEvent.click(screen.getByRole('button', { name: 'Draw another seed now' }));
  const { inputs, nodes } = store.getState().document;
  expect(typeof inputs!.noise!.default).toBe('number');
  expect(nodes!.a!.values).toBeUndefined();
});
