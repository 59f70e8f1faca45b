import { expect, test } from 'vitest';
import { createDocument } from '@/state/document';
import { addNode } from './add';

test('nodes that are added at one place cover one another only in part', () => {
  const store = createDocument({ musegraph: 1, nodes: {} });
  for (let count = 0; count < 3; count += 1) addNode(store, 'core.text', { x: 100, y: 100 });
  const { views } = store.getState().projected;
  const places = [...views.values()].map(({ layout }) => `${layout?.x} ${layout?.y}`);
  expect(places).toHaveLength(3);
  expect(new Set(places).size).toBe(3);
});
