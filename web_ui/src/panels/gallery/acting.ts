/** What can be done with results. */

import { api, ask } from '@/api/client';
import { say } from '@/state/notices';
import { forget } from '@/state/runs/forgetting';
import { openRun } from '@/state/runs/queue';
import { complain } from '@/state/runs/submit';
import { openViewer, type ViewerItem } from '@/viewers/open';
import type { Result } from './results';
import { toggleStars } from './stars';

const item = (result: Result): ViewerItem => ({
  title: result.name ? `${result.name}: ${result.output}` : result.output,
  output: {
    identity: result.identity,
    value: result.value,
    files: result.file ? [result.file] : [],
    problem: null,
  },
  runId: result.run,
  node: '',
  port: result.output,
});

/** Look at results: at one in the row of all, or at those that are chosen. */
export const look = (all: readonly Result[], at: number): void => openViewer(all.map(item), { at });

export const compare = (two: readonly Result[]): void =>
  openViewer(two.map(item), { compare: true });

export const star = (results: readonly Result[]): void =>
  void toggleStars(results.map((one) => one.identity));

export const remove = (results: readonly Result[]): void =>
  forget([...new Set(results.map((one) => one.run))]);

export const openWorkflow = (result: Result): void => void openRun(result.run);

/** The inputs that a result was made with, as JSON on the clipboard. */
export async function copyInputs(result: Result): Promise<void> {
  try {
    const path = { params: { path: { id: result.run } } };
    const { workflow } = await ask(api.GET('/api/runs/{id}', path));
    const { inputs, nodes } = workflow as {
      inputs?: Record<string, { default?: unknown }>;
      nodes?: Record<string, { values?: Record<string, unknown> }>;
    };
    const named = Object.entries(inputs ?? {}).map(([name, input]) => [name, input.default]);
    const set = Object.entries(nodes ?? {}).flatMap(([id, node]) =>
      Object.entries(node.values ?? {}).map(([port, value]) => [`${id}.${port}`, value]),
    );
    const all = Object.fromEntries(named.length ? named : set) as Record<string, unknown>;
    await navigator.clipboard.writeText(JSON.stringify(all, null, 2));
    say({ kind: 'success', key: 'runs:gallery.copied' });
  } catch (error) {
    complain(error);
  }
}
