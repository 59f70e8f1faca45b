/** How long one key press in the search takes among 3,000 node types: `npx vitest bench perf`. */

import { test } from 'vitest';
import { makeIndex, search } from '../src/core/search';
import { manyEntries } from '../src/core/testing/entries';

const entries = manyEntries(3000);
const index = makeIndex(entries);
const QUERIES = ['', 'g', 'gau', 'gaussian', 'guassian blur', 'gsmh', 'xyzzyq', 'in:image bl'];

test('among 3,000 node types', async ({ bench }) => {
  await bench.compare(
    bench('making the index', () => void makeIndex(entries)),
    ...QUERIES.map((query) => bench(JSON.stringify(query), () => void search(index, query))),
    { time: 300, warmupTime: 100 },
  );
});
