/** From what is projected to what React Flow draws: the same objects for what has not changed. */

import type { Edge as FlowEdge, Node as FlowNode, NodeHandle } from '@xyflow/react';
import { Position } from '@xyflow/react';
import type { FrameLayout, NoteLayout } from '@/core/document';
import { HANDLE, type NodeGeometry } from '@/core/geometry';
import type { NodeView, Projected, Segment } from '@/core/project';

export type CardNode = FlowNode<{ view: NodeView }, 'card'>;
export type FrameNode = FlowNode<{ id: string; frame: FrameLayout }, 'frame'>;
export type NoteNode = FlowNode<{ id: string; note: NoteLayout }, 'note'>;
export type RerouteNode = FlowNode<{ segment: Segment | null }, 'reroute'>;
export type AnyNode = CardNode | FrameNode | NoteNode | RerouteNode;
export type LinkEdge = FlowEdge<{ segment: Segment }, 'link'>;

export const REROUTE = 16;

interface Kept {
  from: unknown;
  x: number;
  y: number;
  selected: boolean;
  node: AnyNode;
}

const handlesOf = (geometry: NodeGeometry): NodeHandle[] => {
  const at = (x: number, y: number) => ({
    x: x - HANDLE / 2,
    y: y - HANDLE / 2,
    width: HANDLE,
    height: HANDLE,
  });
  return [
    ...geometry.inputs.map((one) => ({
      id: one.port.name,
      type: 'target' as const,
      position: Position.Left,
      ...at(one.x, one.y),
    })),
    ...geometry.outputs.map((one) => ({
      id: one.port.name,
      type: 'source' as const,
      position: Position.Right,
      ...at(one.x, one.y),
    })),
  ];
};

const REROUTE_HANDLES: NodeHandle[] = (['target', 'source'] as const).map((type) => ({
  id: '',
  type,
  position: type === 'target' ? Position.Left : Position.Right,
  x: REROUTE / 2 - 1,
  y: REROUTE / 2 - 1,
  width: 2,
  height: 2,
}));

const sized = (width: number, height: number) => ({ width, height, measured: { width, height } });

/** Makes the nodes and edges of React Flow, and remembers them. One for each canvas. */
export class Flow {
  private kept = new Map<string, Kept>();
  private edges = new Map<string, { segment: Segment; selected: boolean; edge: LinkEdge }>();

  nodes(
    projected: Projected,
    selection: ReadonlySet<string>,
    dragged: ReadonlyMap<string, { x: number; y: number }>,
    label: (view: NodeView) => string,
  ): AnyNode[] {
    const next = new Map<string, Kept>();
    const add = (
      id: string,
      from: unknown,
      at: { x: number; y: number },
      make: () => object,
    ): void => {
      const { x, y } = dragged.get(id) ?? at;
      const selected = selection.has(id);
      const known = this.kept.get(id);
      if (
        known &&
        known.from === from &&
        known.x === x &&
        known.y === y &&
        known.selected === selected
      ) {
        next.set(id, known);
        return;
      }
      const node = {
        id,
        position: { x, y },
        selected,
        ...(known && known.from === from ? same(known.node) : make()),
      } as AnyNode;
      next.set(id, { from, x, y, selected, node });
    };
    for (const [id, frame] of Object.entries(projected.frames))
      add(`frame:${id}`, frame, frame, () => ({
        type: 'frame',
        data: { id, frame },
        zIndex: -1000 + depth(projected, id),
        dragHandle: '.frame-handle',
        ...sized(frame.width, frame.height),
        handles: [],
      }));
    for (const [id, note] of Object.entries(projected.notes))
      add(`note:${id}`, note, note, () => ({
        type: 'note',
        data: { id, note },
        ...sized(note.width, note.height),
        handles: [],
      }));
    const bends = new Map(projected.segments.map((segment) => [segment.id, segment]));
    for (const [id, reroute] of Object.entries(projected.reroutes)) {
      const segment = bends.get(`reroute:${id}`) ?? null;
      add(`reroute:${id}`, segment ?? reroute, reroute, () => ({
        type: 'reroute',
        data: { segment },
        ...sized(REROUTE, REROUTE),
        handles: REROUTE_HANDLES,
      }));
    }
    for (const [id, view] of projected.views)
      add(id, view, view.layout ?? { x: 0, y: 0 }, () => ({
        type: 'card',
        data: { view },
        ariaLabel: label(view),
        // Opened for a moment, it covers what stands below it.
        ...(view.opened ? { zIndex: 1 } : {}),
        ...sized(view.geometry.width, view.geometry.height),
        handles: handlesOf(view.geometry),
      }));
    this.kept = next;
    return [...next.values()].map((one) => one.node);
  }

  links(projected: Projected, selected: ReadonlySet<string>): LinkEdge[] {
    const next: typeof this.edges = new Map();
    for (const segment of projected.segments) {
      const there = (item: string) => projected.views.has(item) || item.startsWith('reroute:');
      if (!there(segment.source) || !there(segment.target)) continue;
      const chosen = selected.has(segment.id);
      const known = this.edges.get(segment.id);
      next.set(
        segment.id,
        known && known.segment === segment && known.selected === chosen
          ? known
          : {
              segment,
              selected: chosen,
              edge: {
                id: segment.id,
                type: 'link',
                source: segment.source,
                sourceHandle: segment.sourcePort,
                target: segment.target,
                targetHandle: segment.targetPort,
                data: { segment },
                selected: chosen,
              },
            },
      );
    }
    this.edges = next;
    return [...next.values()].map((one) => one.edge);
  }
}

const same = (node: AnyNode): object => {
  const { id: _id, position: _position, selected: _selected, ...rest } = node;
  return rest;
};

const depth = (projected: Projected, id: string): number => {
  let found = 0;
  let at: string | undefined = id;
  while (at !== undefined && found < 100) {
    const name: string = `frame:${at}`;
    at = Object.keys(projected.frames).find((other) =>
      projected.frames[other]!.members?.includes(name),
    );
    found += 1;
  }
  return found;
};
