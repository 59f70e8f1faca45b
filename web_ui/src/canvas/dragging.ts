/** Moving things: while they move only the view knows; when they are let go it is one command. */

import type { NodeChange, OnNodeDrag } from '@xyflow/react';
import { withMembers, type Command } from '@/core/commands';
import { canvasOf, graphOf, itemKind } from '@/core/document';
import { holds, overlaps, type Rect } from '@/core/geometry';
import { shownGraph, type DocumentStore } from '@/state/document';
import { insertion } from './bending';
import type { AnyNode } from './flow';
import { placeOf, rectOf } from './places';
import { chosen } from './selecting';

type Places = Map<string, { x: number; y: number }>;

const NOWHERE: Places = new Map();

export function createDragging(store: DocumentStore) {
  /** What goes along though it is not selected: members of frames, from where they started. */
  let along: { item: string; x: number; y: number; frame: string }[] = [];
  let starts: Places = new Map();

  const onNodesChange = (changes: NodeChange<AnyNode>[]): void => {
    const { selection, selectedLinks, dragged } = store.getState();
    const picked = changes.filter((one) => one.type === 'select');
    if (picked.length) store.select(chosen(selection, picked), selectedLinks);
    const moved = changes.filter((one) => one.type === 'position' && one.position && one.dragging);
    if (!moved.length) return;
    const places: Places = new Map(dragged);
    for (const one of moved) if (one.type === 'position') places.set(one.id, one.position!);
    for (const one of along) {
      const from = starts.get(one.frame);
      const to = places.get(one.frame);
      if (from && to) places.set(one.item, { x: one.x + to.x - from.x, y: one.y + to.y - from.y });
    }
    store.setState({ dragged: places });
  };

  const onNodeDragStart: OnNodeDrag<AnyNode> = (event, _node, nodes) => {
    const state = store.getState();
    starts = new Map(nodes.map((one) => [one.id, { ...one.position }]));
    along = [];
    if (event.ctrlKey || event.metaKey) return; // the frame alone
    for (const node of nodes) {
      if (itemKind(node.id) !== 'frame') continue;
      const canvas = canvasOf(graphOf(state.document, shownGraph(state)));
      for (const item of withMembers(canvas, [node.id])) {
        if (starts.has(item) || along.some((one) => one.item === item)) continue;
        const at = placeOf(store, item);
        if (at) along.push({ item, ...at, frame: node.id });
      }
    }
  };

  const onNodeDragStop: OnNodeDrag<AnyNode> = (event) => {
    const { dragged } = store.getState();
    const graph = shownGraph(store.getState());
    store.setState({ dragged: NOWHERE });
    const moved = [...dragged].filter(([item, at]) => {
      const before = placeOf(store, item);
      return !before || before.x !== at.x || before.y !== at.y;
    });
    if (!moved.length) return;
    const commands: Command[] = [{ do: 'move', graph, to: Object.fromEntries(moved) }];
    commands.push(...joins(store, graph, new Map(moved), new Set(along.map((one) => one.item))));
    const [only] = moved;
    const rect = moved.length === 1 && !event.altKey ? rectOf(store, only![0], only![1]) : null;
    const inserted = rect ? insertion(store, only![0], rect) : [];
    store.run({
      do: 'batch',
      label: inserted.length ? 'insert' : 'move',
      commands: [...commands, ...inserted],
    });
  };

  return { onNodesChange, onNodeDragStart, onNodeDragStop };
}

/** Items that were dropped wholly into a frame join it; those that were dragged wholly out leave it. */
const joins = (
  store: DocumentStore,
  graph: string,
  moved: Places,
  along: ReadonlySet<string>,
): Command[] => {
  const { frames } = store.getState().projected;
  const commands: Command[] = [];
  for (const [item, at] of moved) {
    if (along.has(item)) continue;
    const rect = rectOf(store, item, at);
    if (!rect) continue;
    const own = Object.keys(frames).find((id) => frames[id]!.members?.includes(item));
    const around = Object.entries(frames)
      .filter(([id]) => item !== `frame:${id}` && !moved.has(`frame:${id}`))
      .filter(([, frame]) => holds(frame, rect))
      .toSorted(([, a], [, b]) => a.width * a.height - b.width * b.height)[0]?.[0];
    if (around !== undefined && around !== own)
      commands.push({ do: 'putIntoFrame', graph, items: [item], frame: around });
    else if (
      around === undefined &&
      own !== undefined &&
      !moved.has(`frame:${own}`) &&
      !overlaps(frames[own]!, rect)
    )
      commands.push({ do: 'putIntoFrame', graph, items: [item], frame: null });
  }
  return commands;
};
