/**
 * The workflow document: the JSON of the file, as it is. Nothing here changes one; what is unknown
 * to this version is simply there and stays.
 */

export type Json = null | boolean | number | string | Json[] | { [name: string]: Json | undefined };

/** A link as it is written: `"node.port"`, or several in order at a port that takes a list. */
export type LinkText = string | string[];

export type Mode = 'mute' | 'bypass';

export interface NodeDocument {
  type: string;
  values?: Record<string, Json>;
  links?: Record<string, LinkText>;
  mode?: Mode;
  pin?: Record<string, string>;
  repeat?: { times: number | string; carry?: Record<string, string> };
}

export interface InputDocument {
  to: string | string[];
  default?: Json;
  label?: string;
  help?: string;
}

export interface GraphDocument {
  inputs?: Record<string, InputDocument>;
  outputs?: Record<string, string>;
  nodes?: Record<string, NodeDocument>;
  canvas?: CanvasSection;
}

export interface WorkflowDocument extends GraphDocument {
  musegraph: 1;
  name?: string;
  graphs?: Record<string, GraphDocument>;
  packs?: Record<string, string>;
  /** What it was made with, by hash; `musegraph lock` writes more of it than the canvas does. */
  lock?: { packs?: Record<string, Record<string, string>>; [part: string]: unknown };
  quick?: Record<string, Json>;
  /** What it calls its inputs and outputs in other languages; read by `core/texts.ts`. */
  texts?: unknown;
}

export type SeedMode = 'fixed' | 'random' | 'increment';

/** Names of the colours that a user can give; the theme says what they look like. */
export const COLORS = [
  'red',
  'orange',
  'yellow',
  'green',
  'teal',
  'blue',
  'purple',
  'pink',
] as const;
export type Color = (typeof COLORS)[number];

export interface NodeLayout {
  x: number;
  y: number;
  width?: number;
  title?: string;
  color?: Color;
  note?: string;
  collapsed?: boolean;
  /** Whether inputs that are rarely set show as well: the fold stands open. */
  advanced?: boolean;
  /** Heights in pixels of the text areas that the user has pulled. */
  heights?: Record<string, number>;
  /** Whether the result is shown in the node; by default where its type can be seen. */
  preview?: boolean;
  seeds?: Record<string, SeedMode>;
  /** Values that a link has replaced; they come back when it is cut. */
  kept?: Record<string, Json>;
}

export interface FrameLayout {
  title?: string;
  color?: Color;
  x: number;
  y: number;
  width: number;
  height: number;
  members?: string[];
}

export interface NoteLayout {
  text: string;
  color?: Color;
  x: number;
  y: number;
  width: number;
  height: number;
}

export interface RerouteLayout {
  x: number;
  y: number;
  /** A port, or another reroute as `reroute:ID`. */
  source: string;
}

/** What the canvas alone knows about a graph. */
export interface CanvasSection {
  nodes?: Record<string, NodeLayout>;
  frames?: Record<string, FrameLayout>;
  notes?: Record<string, NoteLayout>;
  reroutes?: Record<string, RerouteLayout>;
  routes?: Record<string, string>;
  inputs?: Record<string, { seed?: SeedMode }>;
}

/** One end of a link. */
export interface PortName {
  node: string;
  port: string;
}

/** A link as it is drawn: read off the node that takes it. `index` is its place in a list. */
export interface Edge {
  id: string;
  source: string;
  sourcePort: string;
  target: string;
  targetPort: string;
  index: number | null;
}

/** What stands on the canvas beside nodes is named with its kind: `frame:f1`. */
export type ItemKind = 'node' | 'frame' | 'note' | 'reroute';

export const itemKind = (item: string): ItemKind => {
  const at = item.indexOf(':');
  const kind = at < 0 ? 'node' : item.slice(0, at);
  return kind === 'frame' || kind === 'note' || kind === 'reroute' ? kind : 'node';
};

export const itemId = (item: string): string => item.slice(item.indexOf(':') + 1);

export const GRAPH = 'graph:';

/** The definition that a node of type `graph:NAME` uses; null if it is an ordinary node. */
export const definitionOf = (type: string): string | null =>
  type.startsWith(GRAPH) ? type.slice(GRAPH.length) : null;

export const splitPort = (text: string): PortName => {
  const at = text.indexOf('.');
  return at < 0 ? { node: text, port: '' } : { node: text.slice(0, at), port: text.slice(at + 1) };
};

export const joinPort = (node: string, port: string): string => `${node}.${port}`;

export const emptyDocument = (name = ''): WorkflowDocument => ({
  musegraph: 1,
  ...(name ? { name } : {}),
  nodes: {},
  canvas: {},
});

const NOTHING: GraphDocument = Object.freeze({});

/** A graph of a document: `""` is the workflow itself, else a definition; empty if there is none. */
export const graphOf = (document: WorkflowDocument, name: string): GraphDocument =>
  name === '' ? document : (document.graphs?.[name] ?? NOTHING);

/** The document with another graph in the place of one. */
export const withGraph = (
  document: WorkflowDocument,
  name: string,
  change: (graph: GraphDocument) => GraphDocument,
): WorkflowDocument => {
  const before = graphOf(document, name);
  const after = change(before);
  if (after === before) return document;
  if (name === '') return after as WorkflowDocument;
  return { ...document, graphs: { ...document.graphs, [name]: after } };
};

const NO_NODES: Record<string, NodeDocument> = Object.freeze({});
const NO_CANVAS: CanvasSection = Object.freeze({});

export const nodesOf = (graph: GraphDocument): Record<string, NodeDocument> =>
  graph.nodes ?? NO_NODES;

export const canvasOf = (graph: GraphDocument): CanvasSection => graph.canvas ?? NO_CANVAS;

export const targetsOf = (input: InputDocument): string[] =>
  typeof input.to === 'string' ? [input.to] : input.to;

export const sourcesOf = (link: LinkText): string[] => (typeof link === 'string' ? [link] : link);

export const edgeId = (source: string, target: string, index: number | null): string =>
  `${source}>${target}${index === null ? '' : `#${index}`}`;

/** The name of a drawn link's end in `canvas.routes`. */
export const routeName = (target: string, index: number | null): string =>
  index === null ? target : `${target}#${index}`;

const nodeEdges = new WeakMap<NodeDocument, { id: string; edges: Edge[] }>();

/** The links that a node takes, in order; the same objects as long as the node is the same. */
export const edgesInto = (id: string, node: NodeDocument): Edge[] => {
  const known = nodeEdges.get(node);
  if (known?.id === id) return known.edges;
  const edges: Edge[] = [];
  for (const [port, link] of Object.entries(node.links ?? {})) {
    const target = joinPort(id, port);
    sourcesOf(link).forEach((text, place) => {
      const source = splitPort(text);
      const index = typeof link === 'string' ? null : place;
      edges.push({
        id: edgeId(text, target, index),
        source: source.node,
        sourcePort: source.port,
        target: id,
        targetPort: port,
        index,
      });
    });
  }
  nodeEdges.set(node, { id, edges });
  return edges;
};

const graphEdges = new WeakMap<object, Edge[]>();

/** All links of a graph. */
export const edgesOf = (graph: GraphDocument): Edge[] => {
  const nodes = nodesOf(graph);
  const known = graphEdges.get(nodes);
  if (known) return known;
  const edges = Object.entries(nodes).flatMap(([id, node]) => edgesInto(id, node));
  graphEdges.set(nodes, edges);
  return edges;
};

/** The workflow inputs that set a port, by the port's text. */
export const boundInputs = (graph: GraphDocument): Map<string, string> => {
  const found = new Map<string, string>();
  for (const [name, input] of Object.entries(graph.inputs ?? {}))
    for (const target of targetsOf(input)) found.set(target, name);
  return found;
};

/** An id that is free: `base`, or `base_2` and on. */
export const freshId = (base: string, taken: (id: string) => boolean): string => {
  const clean =
    base
      .replace(/[^A-Za-z0-9_-]/g, '_')
      .replace(/^(?=[^A-Za-z_])/, '_')
      .slice(0, 56) || 'node';
  if (!taken(clean)) return clean;
  let count = 2;
  while (taken(`${clean}_${count}`)) count += 1;
  return `${clean}_${count}`;
};

/** An id for a new node of a type: the last part of the type's name. */
export const freshNodeId = (graph: GraphDocument, type: string): string => {
  const nodes = nodesOf(graph);
  const base = definitionOf(type) ?? type.slice(type.indexOf('.') + 1);
  return freshId(base, (id) => Object.hasOwn(nodes, id));
};

/** Whether something read from JSON can be shown as a workflow at all. */
export const isDocument = (value: unknown): value is WorkflowDocument =>
  typeof value === 'object' &&
  value !== null &&
  !Array.isArray(value) &&
  (value as { musegraph?: unknown }).musegraph === 1;
