// @vitest-environment happy-dom
import { cleanup, render, screen } from '@testing-library/react';
import { afterEach, beforeAll, expect, it, vi } from 'vitest';
import type { NodeView } from '@/core/project';
import { startTexts } from '@/i18n';
import { NodeBoundary } from './NodeBoundary';

beforeAll(() => startTexts('en'));
afterEach(cleanup);

function Part({ fails }: { fails: boolean }) {
  if (fails) throw new Error('broken on purpose');
  return <p>sound</p>;
}

const page = (view: NodeView, fails: boolean) => (
  <>
    <NodeBoundary view={view}>
      <Part fails={fails} />
    </NodeBoundary>
    <p>the others</p>
  </>
);

it('E3: a node that cannot be drawn says so in its place, until it has changed', () => {
  const said = vi.spyOn(console, 'error').mockImplementation(() => {});
  const view = { id: 'blur' } as NodeView;
  const { rerender } = render(page(view, true));
  expect(said.mock.calls.flat().map(String)).toContainEqual(
    expect.stringMatching(/^client\.render\.node Error/),
  );
  expect(screen.getByText('blur cannot be shown')).toBeTruthy();
  expect(screen.getByText('the others')).toBeTruthy();
  rerender(page({ ...view }, false));
  expect(screen.getByText('sound')).toBeTruthy();
  expect(screen.queryByText('blur cannot be shown')).toBeNull();
  said.mockRestore();
});
