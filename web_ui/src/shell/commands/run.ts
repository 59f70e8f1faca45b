/** Running what is looked at. */

import type { Command } from '@/core/commands';
import { pathOf, shownGraph, type DocumentStore } from '@/state/document';
import { say } from '@/state/notices';
import { setSettings, useSettings } from '@/state/settings';
import { book } from '@/state/runs';
import { cancel, interruptible, submit } from '@/state/runs/submit';
import { fetchValue, placeOf, viewerItems } from '@/state/runs/values';
import { pauseQueue } from '@/state/runs/queue';
import { batchCount } from '@/state/runs/batch';
import { openViewer } from '@/viewers/open';
import { nodeTitle } from '@/node/title';
import { isText } from './keys';
import { register, type Context } from './registry';

/** What is being typed counts: the field hands it in, and is typed on in. */
const handIn = (): void => {
  const at = document.activeElement;
  if (at instanceof HTMLElement && isText(at)) {
    at.blur();
    at.focus({ preventScroll: true });
  }
};

const run = async (
  store: DocumentStore,
  wish: { front?: boolean; only?: readonly string[] } = {},
): Promise<void> => {
  handIn();
  await submit(store, { ...wish, count: wish.only ? 1 : batchCount() });
};

const chosen = ({ store }: Context): string[] => {
  const state = store.getState();
  return [...state.selection]
    .filter((id) => state.projected.views.has(id))
    .map((id) => pathOf(state, id));
};

/** Run for some nodes, and for what they need, only. */
export const runTo = (store: DocumentStore, paths: readonly string[]): Promise<void> =>
  run(store, { only: paths });

/** Keep what the chosen nodes gave, so that it is not computed again; or let go of it. */
const pin = ({ store }: Context): void => {
  const state = store.getState();
  const graph = shownGraph(state);
  const ids = [...state.selection].filter((id) => state.projected.views.has(id));
  const pinned = ids.filter((id) => state.projected.views.get(id)!.node.pin);
  const commands = ids.flatMap((node): Command[] => {
    if (pinned.length) return [{ do: 'setPin', graph, node, pin: null }];
    const outputs = book.node(state.uid, pathOf(state, node))?.result?.outputs ?? {};
    const kept = Object.entries(outputs).filter(([, one]) => /^(blake3|json):/.test(one));
    return kept.length ? [{ do: 'setPin', graph, node, pin: Object.fromEntries(kept) }] : [];
  });
  if (commands.length) store.run({ do: 'batch', label: 'setPin', commands });
  else say({ kind: 'info', key: 'runs:nothingToPin' });
};

const hasNodes = ({ store }: Context): boolean => store.getState().projected.views.size > 0;

/** Show what the chosen node, or what the chosen link brings, gave in its last run. */
const inspect = async ({ store }: Context): Promise<void> => {
  const state = store.getState();
  const link = state.projected.segments.find((one) => state.selectedLinks.has(one.id))?.edges[0];
  const id = link?.source ?? [...state.selection].find((one) => state.projected.views.has(one));
  const view = id === undefined ? undefined : state.projected.views.get(id);
  const port = link?.sourcePort ?? view?.ports.outputs[0]?.name;
  if (!view || port === undefined) return;
  const place = placeOf(state.uid, pathOf(state, view.id), port);
  if (!place) return;
  openViewer(viewerItems(nodeTitle(view, state.catalogue), place, await fetchValue(place)));
};

register(
  {
    id: 'run.start',
    group: 'run',
    keys: ['Ctrl+Enter'],
    inText: true,
    when: hasNodes,
    run: ({ store }) => run(store),
  },
  {
    id: 'run.front',
    group: 'run',
    keys: ['Ctrl+Shift+Enter'],
    inText: true,
    when: hasNodes,
    run: ({ store }) => run(store, { front: true }),
  },
  {
    id: 'run.stop',
    group: 'run',
    keys: ['Ctrl+Alt+Enter'],
    inText: true,
    when: ({ store }) => interruptible(store.getState().uid).length > 0,
    run: ({ store }) => cancel(interruptible(store.getState().uid)),
  },
  {
    id: 'run.toHere',
    group: 'run',
    keys: ['R'],
    when: (context) => chosen(context).length > 0,
    run: (context) => runTo(context.store, chosen(context)),
  },
  {
    id: 'run.inspect',
    group: 'run',
    keys: ['V'],
    when: ({ store }) => store.getState().selection.size + store.getState().selectedLinks.size > 0,
    run: inspect,
  },
  {
    id: 'run.pin',
    group: 'run',
    keys: ['P'],
    when: (context) => chosen(context).length > 0 && !context.store.getState().readOnly,
    run: pin,
  },
  {
    id: 'run.pause',
    group: 'run',
    run: () => pauseQueue(!book.paused),
  },
  {
    id: 'run.follow',
    group: 'run',
    run: () => setSettings({ follow: !useSettings.getState().follow }),
  },
);
