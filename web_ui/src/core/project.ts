/**
 * What the canvas draws of a graph. Made anew for each document, out of the views before: a node's
 * view is the same object as long as nothing that it shows has changed.
 */

import type { Catalogue } from './catalogue';
import {
  canvasOf,
  edgesOf,
  graphOf,
  itemId,
  itemKind,
  joinPort,
  nodesOf,
  routeName,
  splitPort,
  targetsOf,
  type Edge,
  type FrameLayout,
  type GraphDocument,
  type InputDocument,
  type NodeDocument,
  type NodeLayout,
  type NoteLayout,
  type RerouteLayout,
  type WorkflowDocument,
} from './document';
import { familyOf, type Family } from './fields';
import { nodeGeometry, type NodeGeometry } from './geometry';
import { typesOf, type GraphTypes, type NodePorts } from './ports';
import { fits, type Type } from './types';

/** A named input of the workflow that sets a port. */
export interface Binding {
  name: string;
  input: InputDocument;
}

export interface NodeView {
  id: string;
  node: NodeDocument;
  layout: NodeLayout | undefined;
  ports: NodePorts;
  outputTypes: readonly Type[];
  geometry: NodeGeometry;
  /** The named inputs that set ports of it, by port. */
  bound: Readonly<Record<string, Binding>>;
  /** The names under which outputs of it are results of the workflow, by port. */
  named: Readonly<Record<string, string>>;
  ends: boolean;
  /** Whether its fold stands open while a link is drawn over it. */
  opened: boolean;
}

/** One piece of a drawn link; a link through reroutes has several, which others may share. */
export interface Segment {
  id: string;
  /** A node or `reroute:ID`, and the port there (empty at a reroute). */
  source: string;
  sourcePort: string;
  target: string;
  targetPort: string;
  family: Family;
  list: boolean;
  /** Whether the types fit; what does not is drawn as broken. */
  fits: boolean;
  /** The links that run through it. */
  edges: readonly Edge[];
}

export interface Projected {
  document: WorkflowDocument;
  graph: GraphDocument;
  types: GraphTypes;
  views: ReadonlyMap<string, NodeView>;
  /** The nodes that others are linked to. */
  used: ReadonlySet<string>;
  segments: readonly Segment[];
  frames: Readonly<Record<string, FrameLayout>>;
  notes: Readonly<Record<string, NoteLayout>>;
  reroutes: Readonly<Record<string, RerouteLayout>>;
}

const NO_BINDINGS: Readonly<Record<string, Binding>> = Object.freeze({});
const NO_NAMES: Readonly<Record<string, string>> = Object.freeze({});
const NO_LAYER = Object.freeze({});

export const project = (
  document: WorkflowDocument,
  catalogue: Catalogue,
  name: string,
  before?: Projected,
  opened: string | null = null,
): Projected => {
  const graph = graphOf(document, name);
  const types = typesOf(document, catalogue, name, before?.types);
  const stable = before?.types.structure === types.structure;
  const canvas = canvasOf(graph);
  const bound = bindingsByNode(graph);
  const named = namesByNode(graph);
  const used = stable ? before!.used : new Set(edgesOf(graph).map((edge) => edge.source));
  const views = new Map<string, NodeView>();
  for (const [id, node] of Object.entries(nodesOf(graph))) {
    const known = before?.views.get(id);
    const made: Omit<NodeView, 'geometry'> = {
      id,
      node,
      layout: canvas.nodes?.[id],
      ports: known && stable ? known.ports : same(known?.ports, types.portsOf(id), samePorts),
      outputTypes:
        known && stable
          ? known.outputTypes
          : same(known?.outputTypes, types.outputTypes(id), sameTypes),
      bound: same(known?.bound, bound.get(id) ?? NO_BINDINGS, sameBindings),
      named: same(known?.named, named.get(id) ?? NO_NAMES, sameRecord),
      ends: named.has(id) || !used.has(id),
      opened: id === opened,
    };
    views.set(
      id,
      known && sameView(known, made) ? known : { ...made, geometry: geometryOf(made, known) },
    );
  }
  const bends = before && canvasOf(before.graph);
  const drawnAlike =
    stable && bends?.reroutes === canvas.reroutes && bends?.routes === canvas.routes;
  return {
    document,
    graph,
    types,
    views,
    used,
    segments: drawnAlike ? before!.segments : segmentsOf(graph, types, before),
    frames: canvas.frames ?? NO_LAYER,
    notes: canvas.notes ?? NO_LAYER,
    reroutes: canvas.reroutes ?? NO_LAYER,
  };
};

const same = <T>(before: T | undefined, after: T, equal: (a: T, b: T) => boolean): T =>
  before !== undefined && (before === after || equal(before, after)) ? before : after;

const samePorts = (a: NodePorts, b: NodePorts): boolean =>
  a.known === b.known && a.inputs === b.inputs && a.outputs === b.outputs;

const sameTypes = (a: readonly Type[], b: readonly Type[]): boolean =>
  a.length === b.length && a.every((type, place) => type.text === b[place]!.text);

const sameRecord = <V>(a: Readonly<Record<string, V>>, b: Readonly<Record<string, V>>): boolean => {
  const keys = Object.keys(a);
  return keys.length === Object.keys(b).length && keys.every((key) => a[key] === b[key]);
};

const sameBindings = (a: NodeView['bound'], b: NodeView['bound']): boolean => {
  const keys = Object.keys(a);
  return (
    keys.length === Object.keys(b).length &&
    keys.every((key) => a[key]!.input === b[key]?.input && a[key]!.name === b[key]?.name)
  );
};

const sameView = (a: NodeView, b: Omit<NodeView, 'geometry'>): boolean =>
  a.node === b.node &&
  a.layout === b.layout &&
  a.ports === b.ports &&
  a.outputTypes === b.outputTypes &&
  a.bound === b.bound &&
  a.named === b.named &&
  a.ends === b.ends &&
  a.opened === b.opened;

/** Moving a node changes its layout and not its shape: the geometry stays the same object. */
const geometryOf = (
  view: Omit<NodeView, 'geometry'>,
  known: NodeView | undefined,
): NodeGeometry => {
  const made = nodeGeometry(view);
  return known && JSON.stringify(known.geometry) === JSON.stringify(made) ? known.geometry : made;
};

const bindingsByNode = (graph: GraphDocument): Map<string, Record<string, Binding>> => {
  const found = new Map<string, Record<string, Binding>>();
  for (const [name, input] of Object.entries(graph.inputs ?? {}))
    for (const text of targetsOf(input)) {
      const { node, port } = splitPort(text);
      found.set(node, { ...found.get(node), [port]: { name, input } });
    }
  return found;
};

const namesByNode = (graph: GraphDocument): Map<string, Record<string, string>> => {
  const found = new Map<string, Record<string, string>>();
  for (const [name, text] of Object.entries(graph.outputs ?? {})) {
    const { node, port } = splitPort(text);
    found.set(node, { ...found.get(node), [port]: name });
  }
  return found;
};

const segmentsOf = (
  graph: GraphDocument,
  types: GraphTypes,
  before?: Projected,
): readonly Segment[] => {
  const known = new Map(before?.segments.map((segment) => [segment.id, segment]));
  const shared = new Map<string, Segment>();
  const made: Segment[] = [];
  for (const edge of edgesOf(graph)) {
    const source = types.outputType({ node: edge.source, port: edge.sourcePort });
    const target = types.input({ node: edge.target, port: edge.targetPort });
    const sound =
      !source ||
      !target ||
      !types.portsOf(edge.source).known ||
      fits(source, target.type).how !== 'no';
    const look = {
      family: source ? familyOf(source) : ('any' as const),
      list: source?.item != null,
      fits: sound,
    };
    const chain = bendsOf(graph, edge);
    const end = chain.at(-1);
    for (const [place, bend] of chain.entries()) {
      const behind = chain[place - 1];
      const at = behind
        ? { source: `reroute:${behind}`, sourcePort: '' }
        : { source: edge.source, sourcePort: edge.sourcePort };
      const id = `reroute:${bend}`;
      const one = shared.get(id) ?? { id, ...at, target: id, targetPort: '', ...look, edges: [] };
      shared.set(id, { ...one, edges: [...one.edges, edge] });
    }
    made.push({
      id: edge.id,
      source: end ? `reroute:${end}` : edge.source,
      sourcePort: end ? '' : edge.sourcePort,
      target: edge.target,
      targetPort: edge.targetPort,
      ...look,
      edges: [edge],
    });
  }
  return [...loose(graph, shared, types), ...shared.values(), ...made].map((segment) => {
    const one = known.get(segment.id);
    return one && sameSegment(one, segment) ? one : segment;
  });
};

/** Segments to bends that no link goes through yet: chains that were left behind stay visible. */
const loose = (
  graph: GraphDocument,
  shared: ReadonlyMap<string, Segment>,
  types: GraphTypes,
): Segment[] =>
  Object.entries(canvasOf(graph).reroutes ?? {})
    .filter(([id]) => !shared.has(`reroute:${id}`))
    .map(([id, reroute]): Segment => {
      const bend = itemKind(reroute.source) === 'reroute';
      const at = splitPort(reroute.source);
      const source = bend ? undefined : types.outputType(at);
      return {
        id: `reroute:${id}`,
        source: bend ? reroute.source : at.node,
        sourcePort: bend ? '' : at.port,
        target: `reroute:${id}`,
        targetPort: '',
        family: source ? familyOf(source) : 'any',
        list: source?.item != null,
        fits: true,
        edges: [],
      };
    });

const sameSegment = (a: Segment, b: Segment): boolean =>
  a.source === b.source &&
  a.sourcePort === b.sourcePort &&
  a.target === b.target &&
  a.family === b.family &&
  a.list === b.list &&
  a.fits === b.fits &&
  a.edges.length === b.edges.length &&
  a.edges.every((edge, place) => edge.id === b.edges[place]!.id);

/** The reroutes that a link is drawn through, from its source on; none if they lead elsewhere. */
export const bendsOf = (graph: GraphDocument, edge: Edge): string[] => {
  const canvas = canvasOf(graph);
  const last = canvas.routes?.[routeName(joinPort(edge.target, edge.targetPort), edge.index)];
  const chain: string[] = [];
  let at = last;
  while (at !== undefined && !chain.includes(at)) {
    const reroute = canvas.reroutes?.[at];
    if (!reroute) return [];
    chain.unshift(at);
    if (itemKind(reroute.source) !== 'reroute')
      return reroute.source === joinPort(edge.source, edge.sourcePort) ? chain : [];
    at = itemId(reroute.source);
  }
  return [];
};

/** Everything that stands in a projected graph, by the names that selections and moves use. */
export const itemsOf = ({ views, frames, notes, reroutes }: Projected): string[] => {
  const named = (kind: string, layer: object) => Object.keys(layer).map((id) => `${kind}:${id}`);
  return [
    ...views.keys(),
    ...named('frame', frames),
    ...named('note', notes),
    ...named('reroute', reroutes),
  ];
};
