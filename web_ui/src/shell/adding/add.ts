/** Adding nodes: where they come, and what they are linked to. */

import { linkCommand } from '@/canvas/connecting';
import { inputFor, outputFor } from '@/core/rules';
import type { NodeType, Port } from '@/core/catalogue';
import type { Command } from '@/core/commands';
import {
  canvasOf,
  definitionOf,
  freshId,
  freshNodeId,
  graphOf,
  joinPort,
  type Json,
  type PortName,
} from '@/core/document';
import { GRID, HEADER, snap, WIDTH } from '@/core/geometry';
import { GraphTypes } from '@/core/ports';
import { shownGraph, type DocumentStore } from '@/state/document';
import { noteRecent } from '@/state/settings';

export interface Place {
  x: number;
  y: number;
}

/** The ports that a new node of a type will have. */
const typeOf = (store: DocumentStore, id: string): Pick<NodeType, 'inputs' | 'outputs'> | null => {
  const { catalogue, document } = store.getState();
  if (definitionOf(id) === null) return catalogue.types.get(id) ?? null;
  const probe = new GraphTypes(
    {
      musegraph: 1,
      ...(document.graphs ? { graphs: document.graphs } : {}),
      nodes: { probe: { type: id } },
    },
    catalogue,
    '',
  );
  const ports = probe.portsOf('probe');
  return ports.known ? { inputs: [...ports.inputs], outputs: [...ports.outputs] } : null;
};

/** Where the node of a dropped link comes so that the link is straight: its port at the pointer. */
const placedFor = (
  at: Place,
  link: (PortName & { side: 'source' | 'target' }) | undefined,
): Place => ({
  x: snap(link?.side === 'target' ? at.x - WIDTH : at.x),
  y: snap(at.y - HEADER / 2),
});

const STEP = 4 * GRID;

/** The place, or the next one down a slope where no other node stands exactly there and is covered. */
const uncovered = (store: DocumentStore, { x, y }: Place): Place => {
  const taken = new Set(
    [...store.getState().projected.views.values()].map(({ layout }) => `${layout?.x} ${layout?.y}`),
  );
  while (taken.has(`${x} ${y}`)) [x, y] = [x + STEP, y + STEP];
  return { x, y };
};

/** Add a node of a type; a link that was dropped goes to its first port that takes it. */
export function addNode(
  store: DocumentStore,
  type: string,
  at: Place,
  options: {
    link?: (PortName & { side: 'source' | 'target' }) | undefined;
    values?: Record<string, Json>;
  } = {},
): string {
  const state = store.getState();
  const graph = shownGraph(state);
  const id = freshNodeId(graphOf(state.document, graph), type);
  const node = { type, ...(options.values ? { values: options.values } : {}) };
  const commands: Command[] = [
    { do: 'addNode', graph, id, node, layout: uncovered(store, placedFor(at, options.link)) },
  ];
  const facts = typeOf(store, type);
  const link = options.link && facts ? linkOf(store, options.link, id, facts) : null;
  if (link) commands.push(link);
  store.run({ do: 'batch', label: 'addNode', commands });
  store.select([id]);
  noteRecent(type);
  return id;
}

const linkOf = (
  store: DocumentStore,
  link: PortName & { side: 'source' | 'target' },
  id: string,
  facts: Pick<NodeType, 'inputs' | 'outputs'>,
): Command | null => {
  const { types } = store.getState().projected;
  const kind = facts as NodeType;
  if (link.side === 'source') {
    const source = types.outputType(link);
    const port: Port | null = source ? inputFor(kind, source) : null;
    return (
      port && {
        do: 'connect',
        graph: types.name,
        from: joinPort(link.node, link.port),
        to: joinPort(id, port.name),
      }
    );
  }
  const target = types.inputType(link);
  const port = target ? outputFor(kind, target) : null;
  return port && linkCommand(store, { node: id, port: port.name }, link);
};

const fresh = (store: DocumentStore, layer: 'frames' | 'notes', base: string): string => {
  const known =
    canvasOf(graphOf(store.getState().document, shownGraph(store.getState())))[layer] ?? {};
  return freshId(base, (id) => Object.hasOwn(known, id));
};

export const freshFrame = (store: DocumentStore): string => fresh(store, 'frames', 'frame');

export function addNote(store: DocumentStore, at: Place): void {
  const id = fresh(store, 'notes', 'note');
  store.run({
    do: 'setNote',
    graph: shownGraph(store.getState()),
    id,
    note: { text: '', x: snap(at.x), y: snap(at.y), width: 240, height: 120 },
  });
  store.select([`note:${id}`]);
}

export function addFrame(store: DocumentStore, at: Place): void {
  const id = freshFrame(store);
  store.run({
    do: 'setFrame',
    graph: shownGraph(store.getState()),
    id,
    frame: { x: snap(at.x), y: snap(at.y), width: 320, height: 240 },
  });
  store.select([`frame:${id}`]);
}
