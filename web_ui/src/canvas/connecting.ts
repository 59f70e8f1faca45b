/** Drawing links: from handle to handle, onto a node, onto nothing; and taking one off. */

import type { Connection, FinalConnectionState, OnConnectStartParams } from '@xyflow/react';
import { itemKind, joinPort, splitPort, type PortName } from '@/core/document';
import type { Command } from '@/core/commands';
import type { Segment } from '@/core/project';
import { bestInput, bestOutput, goesAmong, whyNot } from '@/core/rules';
import { shownGraph, type DocumentStore } from '@/state/document';
import { askForNode } from '@/shell/search';
import { say } from '@/state/notices';
import type { LinkEdge } from './flow';
import { startLinking, stopLinking, useLinking } from './linking';

/** Pixels that a pointer has to move before letting go means something. */
const STILL = 5;

/** The command that links two ports, beside the links that are there if the port takes several. */
export const linkCommand = (store: DocumentStore, from: PortName, to: PortName): Command => {
  const state = store.getState();
  const among = goesAmong(state.projected.types, from, to);
  return {
    do: 'connect',
    graph: shownGraph(state),
    from: joinPort(from.node, from.port),
    to: joinPort(to.node, to.port),
    ...(among ? { among: null } : {}),
  };
};

/** Link two ports if the rules allow it, else say why not. */
export const tryLink = (store: DocumentStore, from: PortName, to: PortName): boolean => {
  const why = whyNot(store.getState().projected.types, from, to);
  if (why) {
    if (why.key !== 'rules.already')
      say({ kind: 'warning', key: `rules:${why.key}`, args: why.args });
    return false;
  }
  store.run(linkCommand(store, from, to));
  return true;
};

type ToCanvas = (point: { x: number; y: number }) => { x: number; y: number };

export function createConnecting(store: DocumentStore, toCanvas: ToCanvas) {
  let start: { x: number; y: number } | null = null;
  let detached: LinkEdge | null = null;
  const types = () => store.getState().projected.types;

  const ends = (connection: Connection | LinkEdge): { from: PortName; to: PortName } => ({
    from: { node: connection.source, port: connection.sourceHandle ?? '' },
    to: { node: connection.target, port: connection.targetHandle ?? '' },
  });

  const begin = (at: PortName, side: 'source' | 'target'): void => {
    if (itemKind(at.node) === 'node')
      startLinking(types(), at, side, [...store.getState().projected.views.keys()]);
  };

  const pointOf = (event: MouseEvent | TouchEvent): { x: number; y: number } => {
    const at = 'changedTouches' in event ? event.changedTouches[0]! : event;
    return { x: at.clientX, y: at.clientY };
  };

  return {
    isValidConnection: (connection: Connection | LinkEdge): boolean => {
      const { from, to } = ends(connection);
      return whyNot(types(), from, to) === null;
    },
    onConnect: (connection: Connection): void => {
      const { from, to } = ends(connection);
      if (!detached) tryLink(store, from, to);
    },
    onConnectStart: (event: MouseEvent | TouchEvent, params: OnConnectStartParams): void => {
      start = pointOf(event);
      if (params.nodeId && params.handleType)
        begin({ node: params.nodeId, port: params.handleId ?? '' }, params.handleType);
    },
    onConnectEnd: (event: MouseEvent | TouchEvent, connection: FinalConnectionState): void => {
      const from = useLinking.getState().from;
      stopLinking();
      const at = pointOf(event);
      const still = start !== null && Math.hypot(at.x - start.x, at.y - start.y) < STILL;
      start = null;
      if (!from || still || connection.isValid || detached) return;
      if (takeOff(store, from, connection)) return;
      // A finger's events go to where it was put down, not to where it is.
      const under = document
        .elementFromPoint(at.x, at.y)
        ?.closest('.react-flow__node')
        ?.getAttribute('data-id');
      if (connection.toHandle && connection.toNode) {
        const other = { node: connection.toNode.id, port: connection.toHandle.id ?? '' };
        if (from.side === 'source') tryLink(store, from, other);
        else tryLink(store, other, from);
      } else if (under && itemKind(under) === 'node') dropOnNode(store, from, under);
      else askForNode({ at: toCanvas(at), screen: at, link: from });
    },
    onReconnectStart: (event: React.MouseEvent, edge: LinkEdge): void => {
      start = { x: event.clientX, y: event.clientY };
      detached = edge;
      begin({ node: edge.source, port: edge.sourceHandle ?? '' }, 'source');
    },
    onReconnect: (edge: LinkEdge, connection: Connection): void => {
      const { from, to } = ends(connection);
      const graph = shownGraph(store.getState());
      const cuts = cutCommands(graph, edge.data!.segment);
      const same =
        edge.target === to.node &&
        edge.targetHandle === to.port &&
        edge.source === from.node &&
        edge.sourceHandle === from.port;
      if (!same && whyNot(types(), from, to) === null)
        store.run({
          do: 'batch',
          label: 'connect',
          commands: [...cuts, linkCommand(store, from, to)],
        });
      detached = null;
    },
    onReconnectEnd: (
      event: MouseEvent | TouchEvent,
      edge: LinkEdge,
      _handle: unknown,
      state: FinalConnectionState,
    ): void => {
      stopLinking();
      const at = pointOf(event);
      const still = start !== null && Math.hypot(at.x - start.x, at.y - start.y) < STILL;
      start = null;
      detached = null;
      if (!still && !state.isValid && !state.toHandle)
        store.run({
          do: 'batch',
          label: 'disconnect',
          commands: cutCommands(shownGraph(store.getState()), edge.data!.segment),
        });
    },
    onClickConnectStart: (_event: unknown, params: OnConnectStartParams): void => {
      if (params.nodeId && params.handleType)
        begin({ node: params.nodeId, port: params.handleId ?? '' }, params.handleType);
    },
    onClickConnectEnd: (): void => stopLinking(),
  };
}

/** The commands that cut all links that run through a drawn piece. */
export const cutCommands = (graph: string, segment: Segment): Command[] =>
  segment.edges
    .toSorted((a, b) => (b.index ?? 0) - (a.index ?? 0))
    .map((one) => ({
      do: 'disconnect',
      graph,
      to: joinPort(one.target, one.targetPort),
      ...(one.index === null ? {} : { index: one.index }),
    }));

/**
 * What is drawn from an input that is linked takes that link along: to another input, or off.
 * False if there is none to take.
 */
const takeOff = (
  store: DocumentStore,
  from: PortName & { side: 'source' | 'target' },
  { toHandle, toNode }: FinalConnectionState,
): boolean => {
  const state = store.getState();
  const link = state.projected.views.get(from.node)?.node.links?.[from.port];
  if (from.side === 'source' || typeof link !== 'string' || toHandle?.type === 'source')
    return false;
  const cut: Command = {
    do: 'disconnect',
    graph: shownGraph(state),
    to: joinPort(from.node, from.port),
  };
  const commands: Command[] = [cut];
  if (toHandle && toNode) {
    const to = { node: toNode.id, port: toHandle.id ?? '' };
    const why = whyNot(state.projected.types, splitPort(link), to);
    if (why) {
      say({ kind: 'warning', key: `rules:${why.key}`, args: why.args });
      return true;
    }
    commands.push(linkCommand(store, splitPort(link), to));
  }
  store.run({ do: 'batch', label: commands.length > 1 ? 'connect' : 'disconnect', commands });
  return true;
};

/** A link that is let go over a node goes to the first port that takes it. */
const dropOnNode = (
  store: DocumentStore,
  from: PortName & { side: 'source' | 'target' },
  id: string,
): void => {
  const { types } = store.getState().projected;
  const port = from.side === 'source' ? bestInput(types, from, id) : bestOutput(types, from, id);
  if (!port) say({ kind: 'warning', key: 'rules:rules.nothingFits' });
  else if (from.side === 'source') tryLink(store, from, { node: id, port: port.name });
  else tryLink(store, { node: id, port: port.name }, from);
};
