/** What is done to the graph: adding, and the ways of nodes. */

import { flowOf, middle, pointerOnScreen } from '../pointer';
import { askForNode } from '../search';
import { register } from './registry';

register({
  id: 'graph.add',
  group: 'graph',
  keys: ['Tab', 'Shift+A'],
  when: ({ store }) =>
    !store.getState().readOnly &&
    document.activeElement?.closest('[role="dialog"], [data-region]:not(main)') == null,
  run: ({ store }) => {
    const screen = pointerOnScreen(store) ?? middle(store);
    const at = flowOf(store)?.screenToFlowPosition(screen);
    if (at) askForNode({ at, screen });
  },
});
