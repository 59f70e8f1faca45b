// @vitest-environment happy-dom
import { cleanup, render, screen } from '@testing-library/react';
import { afterEach, beforeAll, expect, it, vi } from 'vitest';
import { startTexts } from '@/i18n';
import { PageBoundary } from './PageBoundary';

beforeAll(() => startTexts('en'));
afterEach(cleanup);

function Part(): never {
  throw new Error('broken on purpose');
}

it('E4: a page that cannot be drawn says so under a code, and offers to be loaded again', () => {
  const said = vi.spyOn(console, 'error').mockImplementation(() => {});
  render(
    <PageBoundary>
      <Part />
    </PageBoundary>,
  );
  expect(screen.getByRole('alert').textContent).toContain('This page cannot be shown');
  expect(screen.getByRole('button', { name: 'Load again' })).toBeTruthy();
  expect(said.mock.calls.flat().map(String)).toContainEqual(
    expect.stringMatching(/^client\.render Error/),
  );
  said.mockRestore();
});
