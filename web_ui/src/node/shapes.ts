/** Changing how high nodes are: folds that open, headers that become whole nodes again. */

import { apply, type Command } from '@/core/commands';
import type { NodeLayout } from '@/core/document';
import type { Rect } from '@/core/geometry';
import { project } from '@/core/project';
import { pushedDown } from '@/core/room';
import { shownGraph, type DocumentStore } from '@/state/document';

type Change = { [K in keyof NodeLayout]?: NodeLayout[K] | null };

/** Change the looks of nodes, as one entry; what they would cover then makes room. */
export function reshape(
  store: DocumentStore,
  nodes: readonly string[],
  layout: Change,
  label: string,
): void {
  const state = store.getState();
  const graph = shownGraph(state);
  const commands: Command[] = nodes.map((node) => ({ do: 'setLayout', graph, node, layout }));
  const changed = apply(state.document, { do: 'batch', commands });
  const { views } = project(changed, state.catalogue, graph, state.projected);
  const rects = new Map<string, Rect>();
  for (const [id, { layout: at, geometry }] of views)
    if (at) rects.set(id, { x: at.x, y: at.y, width: geometry.width, height: geometry.height });
  const before = new Map(
    nodes.map((id) => [id, state.projected.views.get(id)?.geometry.height ?? 0]),
  );
  const to = pushedDown(rects, before);
  if (Object.keys(to).length) commands.push({ do: 'move', graph, to });
  store.run({ do: 'batch', label, commands });
}

/** Open or close folds. Where nothing may be changed, one opens for the one who looks. */
export function setFolds(store: DocumentStore, nodes: readonly string[], open: boolean): void {
  const { readOnly } = store.getState();
  if (readOnly) store.unfold(open ? (nodes[0] ?? null) : null);
  else reshape(store, nodes, { advanced: open || null }, 'fold');
}
