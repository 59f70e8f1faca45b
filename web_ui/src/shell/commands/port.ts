/** What is done to one port of a node, from the menu that is opened on it. */

import { joinPort } from '@/core/document';
import { valueAt } from '@/core/geometry';
import type { NodeView } from '@/core/project';
import { exposing, naming } from '@/node/exposing';
import { shownGraph, type DocumentStore } from '@/state/document';
import { aimOf, type Aim } from '../menus/aim';
import { register, type Doing } from './registry';

interface Aimed extends Aim {
  store: DocumentStore;
  view: NodeView;
  graph: string;
}

/** Something to do to the port that the menu is about, where it can be done. */
const onPort = (
  id: string,
  side: Aim['side'],
  may: (at: Aimed) => boolean,
  act: (at: Aimed) => void,
): Doing => {
  const found = (store: DocumentStore): Aimed | null => {
    const aim = aimOf();
    const view = aim && store.getState().projected.views.get(aim.node);
    if (!aim || !view || aim.side !== side || store.getState().readOnly) return null;
    const at = { ...aim, store, view, graph: shownGraph(store.getState()) };
    return may(at) ? at : null;
  };
  return {
    id,
    group: 'graph',
    when: ({ store }) => found(store) !== null,
    run({ store }) {
      const at = found(store);
      if (at) act(at);
    },
  };
};

const isLinked = ({ view, port }: Aimed): boolean =>
  view.node.links !== undefined && Object.hasOwn(view.node.links, port);

/** Whether its value is other than the default, which there is. */
const canReset = (at: Aimed): boolean => {
  const port = at.view.ports.inputs.find((one) => one.name === at.port);
  return port?.default !== undefined && !isLinked(at) && valueAt(at.view, port).own;
};

register(
  onPort('port.reset', 'input', canReset, ({ store, graph, node, port }) =>
    store.run({ do: 'setValue', graph, node, port }, { group: null }),
  ),
  onPort(
    'port.expose',
    'input',
    (at) => !isLinked(at) && !at.view.bound[at.port],
    ({ store, view, port }) => store.run(exposing(store, view, port)),
  ),
  onPort(
    'port.unexpose',
    'input',
    ({ view, port }) => view.bound[port] !== undefined,
    ({ store, graph, node, port }) =>
      store.run({ do: 'unexpose', graph, to: joinPort(node, port) }),
  ),
  onPort(
    'port.result',
    'output',
    ({ view, port }) => view.named[port] === undefined,
    ({ store, view, port }) => store.run(naming(store, view, port)),
  ),
  onPort(
    'port.noResult',
    'output',
    ({ view, port }) => view.named[port] !== undefined,
    ({ store, graph, view, port }) =>
      store.run({ do: 'setOutput', graph, name: view.named[port]!, from: null }),
  ),
);
