/** What is done to one node from the keyboard: its title, and what stands in it. */

import { startRenaming } from '@/node/renaming';
import type { DocumentStore } from '@/state/document';
import { selectedNodes } from './graph';
import { register } from './registry';

/** What can be typed into in the one selected node, if it is that which has the keyboard. */
const firstField = (store: DocumentStore): HTMLElement | null => {
  const [id, ...others] = selectedNodes(store);
  const element = document.activeElement;
  if (others.length || !element?.matches('.react-flow__node') || id === undefined) return null;
  return element.getAttribute('data-id') === id
    ? element.querySelector<HTMLElement>(
        '[data-field] :is(input, textarea, select, button, [tabindex="0"])',
      )
    : null;
};

register(
  {
    id: 'node.rename',
    group: 'graph',
    keys: ['F2'],
    when: ({ store }) => !store.getState().readOnly && selectedNodes(store).length === 1,
    run: ({ store }) => startRenaming(store, selectedNodes(store)[0]!),
  },
  {
    id: 'node.edit',
    group: 'go',
    keys: ['Enter'],
    when: ({ store }) => firstField(store) !== null,
    run: ({ store }) => firstField(store)?.focus({ preventScroll: true }),
  },
);
