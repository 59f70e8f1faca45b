/** How long the layout of graphs of 100, 1,000 and 3,000 nodes takes: `npx vitest bench perf/layout`. */

import { test } from 'vitest';
import { layoutGraph } from '../src/core/layout';
import { randomGraph } from '../src/core/testing/graphs';

test('automatic layout', async ({ bench }) => {
  const measured = [100, 1000, 3000].map((count) => {
    const graph = randomGraph(count, count * 1.5, 30, 1);
    return bench(`${count} nodes`, () => void layoutGraph(graph));
  });
  await bench.compare(...measured, { time: 500, warmupTime: 200 });
});
