/** What is done to the graph: adding, grouping, and the ways of nodes. */

import { rectOf } from '@/canvas/places';
import { listLinks } from '@/canvas/linkList';
import { whyNoSubgraph, withMembers, type Command } from '@/core/commands';
import {
  canvasOf,
  definitionOf,
  freshId,
  graphOf,
  itemKind,
  nodesOf,
  type Mode,
} from '@/core/document';
import { bounds, snap } from '@/core/geometry';
import { brokenByBypass, healing } from '@/core/heal';
import { reshape, setFolds } from '@/node/shapes';
import { shownGraph, type DocumentStore } from '@/state/document';
import { say } from '@/state/notices';
import { freshFrame } from '../adding/add';
import { flowOf, pointerOnScreen } from '../pointer';
import { askForNode } from '../search';
import { register, type Context } from './registry';

const FRAME_PADDING = 24;
const FRAME_HEAD = 40;

const editable = ({ store }: Context): boolean => !store.getState().readOnly;

/** The nodes among what is selected. */
export const selectedNodes = (store: DocumentStore): string[] => {
  const { selection, projected } = store.getState();
  return [...selection].filter((item) => projected.views.has(item));
};

const someNodes = (context: Context): boolean =>
  editable(context) && selectedNodes(context.store).length > 0;

const oneNode = (context: Context): boolean =>
  editable(context) && selectedNodes(context.store).length === 1;

const someItems = (context: Context): boolean =>
  editable(context) && context.store.getState().selection.size > 0;

/** The definition that the one selected node uses. */
const chosenDefinition = (store: DocumentStore): { id: string; name: string } | null => {
  const [id, ...others] = selectedNodes(store);
  const node = id === undefined ? undefined : store.getState().projected.views.get(id)?.node;
  const name = node ? definitionOf(node.type) : null;
  return id !== undefined && name !== null && !others.length ? { id, name } : null;
};

function frameSelection(store: DocumentStore): void {
  const { selection } = store.getState();
  const items = [...selection].filter((item) => itemKind(item) !== 'reroute');
  const around = bounds(items.flatMap((item) => rectOf(store, item) ?? []));
  if (!around) return;
  const id = freshFrame(store);
  const left = snap(around.x - FRAME_PADDING);
  const top = snap(around.y - FRAME_PADDING - FRAME_HEAD);
  store.run({
    do: 'setFrame',
    graph: shownGraph(store.getState()),
    id,
    frame: {
      x: left,
      y: top,
      width: snap(around.x + around.width + FRAME_PADDING - left),
      height: snap(around.y + around.height + FRAME_PADDING - top),
      members: items,
    },
  });
  store.select([`frame:${id}`]);
}

function makeSubgraph(store: DocumentStore): void {
  const state = store.getState();
  const graph = shownGraph(state);
  const items = [...state.selection];
  const around = bounds(items.flatMap((item) => rectOf(store, item) ?? []));
  if (!around) return;
  const why = whyNoSubgraph(graphOf(state.document, graph), items);
  if (why) {
    say({ kind: 'warning', key: `notices:subgraph.${why}` });
    return;
  }
  const name = freshId('group', (id) => Object.hasOwn(state.document.graphs ?? {}, id));
  const id = freshId(name, (one) => Object.hasOwn(nodesOf(graphOf(state.document, graph)), one));
  const at = {
    x: snap(around.x + around.width / 2 - 120),
    y: snap(around.y + around.height / 2 - 80),
  };
  store.run({ do: 'makeSubgraph', graph, items, name, id, ...at });
  if (store.getState().document !== state.document) store.select([id]);
}

function unpack(store: DocumentStore): void {
  const chosen = chosenDefinition(store);
  if (!chosen) return;
  const before = new Set(store.getState().projected.views.keys());
  if (store.getState().projected.views.get(chosen.id)?.node.repeat) {
    say({ kind: 'warning', key: 'notices:unpack.repeat' });
    return;
  }
  store.run({ do: 'unpack', graph: shownGraph(store.getState()), node: chosen.id });
  store.select([...store.getState().projected.views.keys()].filter((id) => !before.has(id)));
}

/** The nodes that a mode is meant for: the selected ones, and members of selected frames. */
const meant = (store: DocumentStore): string[] => {
  const { selection, projected } = store.getState();
  const items = withMembers(canvasOf(projected.graph), selection);
  return [...items].filter((item) => projected.views.has(item));
};

/** Set a mode, or take it away where all have it; say what a bypass leaves without a source. */
function toggleMode(store: DocumentStore, mode: Mode): void {
  const { projected, document } = store.getState();
  const nodes = meant(store);
  const all = nodes.every((id) => projected.views.get(id)!.node.mode === mode);
  store.run({ do: 'setMode', graph: shownGraph(store.getState()), nodes, mode: all ? null : mode });
  if (all || mode === 'mute') return;
  const broken = nodes.find((id) => brokenByBypass(document, projected.types, id).length);
  if (broken)
    say({
      kind: 'warning',
      key: 'notices:bypass.broken',
      args: { node: broken, port: brokenByBypass(document, projected.types, broken).join(', ') },
    });
}

function removeAndHeal(store: DocumentStore): void {
  const { document, projected, selection } = store.getState();
  const graph = shownGraph(store.getState());
  const commands: Command[] = [
    ...healing(document, projected.types, new Set(selectedNodes(store))),
    { do: 'remove', graph, items: [...selection] },
  ];
  store.run({ do: 'batch', label: 'removeAndHeal', commands });
}

const collapse = (store: DocumentStore): void => {
  const nodes = selectedNodes(store);
  const { views } = store.getState().projected;
  const all = nodes.every((id) => views.get(id)!.layout?.collapsed);
  reshape(store, nodes, { collapsed: all ? null : true }, 'collapse');
};

/** The selected nodes that have a fold. */
const foldable = (store: DocumentStore): string[] => {
  const { views } = store.getState().projected;
  return selectedNodes(store).filter((id) => views.get(id)!.geometry.fold);
};

const fold = (store: DocumentStore): void => {
  const { views } = store.getState().projected;
  const nodes = foldable(store);
  const open = nodes.every((id) => views.get(id)!.geometry.fold!.open);
  setFolds(store, nodes, !open);
};

register(
  {
    id: 'graph.add',
    group: 'graph',
    keys: ['Tab', 'Shift+A'],
    when: (context) =>
      editable(context) &&
      !document.activeElement?.closest('[role="dialog"], header, [data-region]:not(main)'),
    run: ({ store }) => {
      const screen = pointerOnScreen(store);
      const at = flowOf(store)?.screenToFlowPosition(screen);
      if (at) askForNode({ at, screen });
    },
  },
  {
    id: 'graph.frame',
    group: 'graph',
    keys: ['Ctrl+G'],
    when: someItems,
    run: ({ store }) => frameSelection(store),
  },
  {
    id: 'graph.subgraph',
    group: 'graph',
    keys: ['Ctrl+Shift+G'],
    when: someNodes,
    run: ({ store }) => makeSubgraph(store),
  },
  {
    id: 'graph.unpack',
    group: 'graph',
    when: (context) => editable(context) && chosenDefinition(context.store) !== null,
    run: ({ store }) => unpack(store),
  },
  {
    id: 'graph.ownCopy',
    group: 'graph',
    when: (context) => editable(context) && chosenDefinition(context.store) !== null,
    run: ({ store }) => {
      const { id, name } = chosenDefinition(store)!;
      const known = store.getState().document.graphs ?? {};
      const copy = freshId(name, (one) => Object.hasOwn(known, one));
      store.run({ do: 'ownCopy', graph: shownGraph(store.getState()), node: id, name: copy });
    },
  },
  {
    id: 'graph.link',
    group: 'graph',
    keys: ['L'],
    when: (context) => editable(context) && selectedNodes(context.store).length === 1,
    run: ({ store }) => listLinks({ node: selectedNodes(store)[0]! }),
  },
  {
    id: 'graph.enter',
    group: 'go',
    keys: ['Enter'],
    when: ({ store }) => chosenDefinition(store) !== null,
    run: ({ store }) => store.enter(chosenDefinition(store)!.id),
  },
  {
    id: 'graph.leave',
    group: 'go',
    keys: ['Shift+Escape'],
    when: ({ store }) => store.getState().stack.length > 0,
    run: ({ store }) => store.leave(),
  },
  {
    id: 'graph.bypass',
    group: 'graph',
    keys: ['Ctrl+B'],
    when: someItems,
    run: ({ store }) => toggleMode(store, 'bypass'),
  },
  {
    id: 'graph.mute',
    group: 'graph',
    keys: ['Ctrl+M'],
    when: someItems,
    run: ({ store }) => toggleMode(store, 'mute'),
  },
  {
    id: 'graph.collapse',
    group: 'graph',
    keys: ['H'],
    when: someNodes,
    run: ({ store }) => collapse(store),
  },
  {
    id: 'graph.fold',
    group: 'graph',
    keys: ['Shift+H'],
    when: ({ store }) => foldable(store).length > 0,
    run: ({ store }) => fold(store),
  },
  {
    id: 'graph.removeAndHeal',
    group: 'graph',
    keys: ['Ctrl+Delete', 'Ctrl+Backspace'],
    when: someNodes,
    run: ({ store }) => removeAndHeal(store),
  },
  {
    id: 'graph.preview',
    group: 'graph',
    when: oneNode,
    run: ({ store }) => {
      const [node] = selectedNodes(store);
      const view = store.getState().projected.views.get(node!)!;
      store.run({
        do: 'setLayout',
        graph: shownGraph(store.getState()),
        node: node!,
        layout: { preview: view.geometry.preview === null },
      });
    },
  },
);
