/** What a run has to do with a document: which nodes it is about, and which have changed since. */

import {
  boundInputs,
  definitionOf,
  graphOf,
  nodesOf,
  sourcesOf,
  splitPort,
  type GraphDocument,
  type Json,
  type NodeDocument,
  type PortName,
  type WorkflowDocument,
} from './document';

const MAX_DEPTH = 32;

/** The path of a node on the canvas: a repeated definition runs several times, as `grow/2/blur`. */
export const canvasPath = (step: string): string =>
  step
    .split('/')
    .filter((part) => !/^\d+$/.test(part))
    .join('/');

/** The paths around a path, from the nearest: `a/b/c` stands in `a/b` and `a`. */
export const around = (path: string): string[] => {
  const found: string[] = [];
  for (let at = path.lastIndexOf('/'); at > 0; at = path.lastIndexOf('/', at - 1))
    found.push(path.slice(0, at));
  return found;
};

/** The nodes of a graph that some of its nodes need, these among them. */
const above = (graph: GraphDocument, wanted: Iterable<string>): Set<string> => {
  const nodes = nodesOf(graph);
  const found = new Set<string>();
  const waiting = [...wanted];
  while (waiting.length) {
    const id = waiting.pop()!;
    const node = Object.hasOwn(nodes, id) ? nodes[id] : undefined;
    if (!node || found.has(id)) continue;
    found.add(id);
    for (const link of Object.values(node.links ?? {}))
      for (const text of sourcesOf(link)) waiting.push(splitPort(text).node);
  }
  return found;
};

/** The paths of all nodes that a run is about; `only` names nodes or outputs, all if it is empty. */
export const involved = (document: WorkflowDocument, only: readonly string[]): Set<string> => {
  const found = new Set<string>();
  const add = (
    graph: GraphDocument,
    prefix: string,
    ids: Iterable<string>,
    depth: number,
  ): void => {
    for (const id of ids) {
      const node = nodesOf(graph)[id]!;
      if (node.mode === 'mute') continue;
      const path = prefix + id;
      found.add(path);
      const name = definitionOf(node.type);
      const definition = name === null ? undefined : document.graphs?.[name];
      if (definition && node.mode !== 'bypass' && depth < MAX_DEPTH)
        add(definition, `${path}/`, wantedIds(definition), depth + 1);
    }
  };
  const outputs = document.outputs ?? {};
  const named = only.length ? only.map((name) => outputs[name] ?? name) : Object.values(outputs);
  const wanted = named.map((name) => splitPort(name.split('/')[0]!).node);
  const ids = wanted.length ? above(document, wanted) : Object.keys(nodesOf(document));
  add(document, '', ids, 0);
  return found;
};

const wantedIds = (definition: GraphDocument): Iterable<string> => {
  const wanted = Object.values(definition.outputs ?? {}).map((text) => splitPort(text).node);
  return wanted.length ? above(definition, wanted) : Object.keys(nodesOf(definition));
};

/** Where in a run the value at an output of a node comes from: inside, if the node is a graph. */
export const stepOf = (
  document: WorkflowDocument,
  graph: string,
  prefix: string,
  at: PortName,
): { path: string; port: string } | null => {
  let name = graph;
  let path = prefix;
  let { node: id, port } = at;
  for (let depth = 0; depth < MAX_DEPTH; depth += 1) {
    const node = nodesOf(graphOf(document, name))[id];
    if (!node) return null;
    const definition = definitionOf(node.type);
    if (definition === null) return { path: path + id, port };
    const text = document.graphs?.[definition]?.outputs?.[port];
    if (text === undefined) return null;
    path += `${id}/`;
    if (node.repeat) path += `${turnsOf(document, node)}/`;
    name = definition;
    ({ node: id, port } = splitPort(text));
  }
  return null;
};

const turnsOf = (document: WorkflowDocument, node: NodeDocument): number => {
  const times = node.repeat!.times;
  const value = typeof times === 'number' ? times : document.inputs?.[times]?.default;
  return typeof value === 'number' ? value : 1;
};

/** Whether two pieces of JSON say the same; an empty object is as good as none. */
export const sameJson = (a: Json | undefined, b: Json | undefined): boolean => {
  if (a === b) return true;
  if (typeof a !== 'object' || typeof b !== 'object' || a === null || b === null)
    return isEmpty(a) && isEmpty(b);
  if (Array.isArray(a) || Array.isArray(b))
    return (
      Array.isArray(a) &&
      Array.isArray(b) &&
      a.length === b.length &&
      a.every((one, place) => sameJson(one, b[place]))
    );
  for (const key of Object.keys(a)) if (!sameJson(a[key], b[key])) return false;
  for (const key of Object.keys(b)) if (!(key in a) && !isEmpty(b[key])) return false;
  return true;
};

const asJson = (value: unknown): Json | undefined => value as Json | undefined;

const isEmpty = (value: Json | undefined): boolean =>
  value === undefined ||
  (typeof value === 'object' && value !== null && Object.keys(value).length === 0);

/**
 * Tells of a node, by its path, whether what it would give now is what it gave then: the same node,
 * with the same values from outside, below the same nodes. Remembers what it found out.
 */
export class Comparison {
  private readonly known = new Map<string, boolean>();

  constructor(
    private readonly then: WorkflowDocument,
    private readonly now: WorkflowDocument,
  ) {}

  same(path: string): boolean {
    const parts = path.split('/');
    let graph = '';
    for (const [depth, id] of parts.entries()) {
      const last = depth === parts.length - 1;
      // What stands around decides what comes in: the whole instance has to be fed the same.
      if (!this.sameNode(graph, id, last)) return false;
      const node = nodesOf(graphOf(this.now, graph))[id];
      const name = node ? definitionOf(node.type) : null;
      if (!last && name === null) return false;
      graph = name ?? '';
    }
    return true;
  }

  /** A node of a graph and all above it; with what stands in it, if it is a graph and `whole`. */
  private sameNode(graph: string, id: string, whole: boolean): boolean {
    const key = `${whole ? 1 : 0} ${graph} ${id}`;
    const known = this.known.get(key);
    if (known !== undefined) return known;
    this.known.set(key, true); // a circle is told elsewhere
    const made = this.compare(graph, id, whole);
    this.known.set(key, made);
    return made;
  }

  private compare(graph: string, id: string, whole: boolean): boolean {
    const [before, after] = [graphOf(this.then, graph), graphOf(this.now, graph)];
    const a = nodesOf(before)[id];
    const b = nodesOf(after)[id];
    if (!a || !b) return false;
    // A pin gives what it names, whatever stands above; one that is new names what came out then.
    if (b.pin) return !a.pin || sameJson(a.pin, b.pin);
    if (a !== b && !sameJson(asJson(a), asJson(b))) return false;
    if (!this.sameBindings(before, after, id)) return false;
    const name = definitionOf(b.type);
    if (name !== null && whole && !this.sameDefinition(name)) return false;
    for (const link of Object.values(b.links ?? {}))
      for (const text of sourcesOf(link))
        if (!this.sameNode(graph, splitPort(text).node, true)) return false;
    return true;
  }

  private sameBindings(before: GraphDocument, after: GraphDocument, id: string): boolean {
    if (before.inputs === after.inputs) return true;
    const [a, b] = [boundTo(before, id), boundTo(after, id)];
    return a.size === b.size && [...a].every(([port, value]) => sameJson(value, b.get(port)));
  }

  private sameDefinition(name: string): boolean {
    const [a, b] = [graphOf(this.then, name), graphOf(this.now, name)];
    if (a === b) return true;
    if (!sameJson(a.outputs, b.outputs) || !sameJson(asJson(a.inputs), asJson(b.inputs)))
      return false;
    return Object.keys(nodesOf(b)).every((id) => this.sameNode(name, id, true));
  }
}

/** The values that named inputs give to a node, by its ports. */
const boundTo = (graph: GraphDocument, id: string): Map<string, Json | undefined> => {
  const found = new Map<string, Json | undefined>();
  for (const [text, name] of boundInputs(graph)) {
    const at = splitPort(text);
    if (at.node === id) found.set(at.port, graph.inputs?.[name]?.default);
  }
  return found;
};

/** Whether two documents compute the same: the canvas, the names and the texts aside. */
export const sameWork = (a: WorkflowDocument, b: WorkflowDocument): boolean => {
  const names = Object.keys(nodesOf(b));
  if (names.length !== Object.keys(nodesOf(a)).length) return false;
  if (!sameJson(a.outputs, b.outputs)) return false;
  const comparison = new Comparison(a, b);
  return names.every((id) => comparison.same(id));
};
