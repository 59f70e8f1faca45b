/** What is done to one node from the keyboard: its title, and what stands in it. */

import { startRenaming } from '@/node/renaming';
import { selectedNodes } from './graph';
import { register } from './registry';

/** What can be typed into first in the node that has the keyboard. */
const firstField = (): HTMLElement | null => {
  const node = document.activeElement;
  return node?.matches('.react-flow__node')
    ? node.querySelector<HTMLElement>(
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
    when: () => firstField() !== null,
    run: () => firstField()?.focus({ preventScroll: true }),
  },
);
