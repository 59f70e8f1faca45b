/** Making nodes into a graph of their own, with one node that uses it in their place. */

import {
  canvasOf,
  edgesOf,
  freshId,
  graphOf,
  itemId,
  itemKind,
  joinPort,
  nodesOf,
  sourcesOf,
  splitPort,
  targetsOf,
  withGraph,
  type CanvasSection,
  type GraphDocument,
  type InputDocument,
  type LinkText,
  type NodeDocument,
  type WorkflowDocument,
} from '../document';
import { assign, drop, mapValues } from '../records';
import { follow } from './follow';
import { changeCanvas, withMembers } from './items';

/** Make a definition of some items, with one node that uses it in their place. */
export interface MakeSubgraph {
  do: 'makeSubgraph';
  graph: string;
  items: string[];
  /** Name of the new definition, and id of the node; both have to be free. */
  name: string;
  id: string;
  x: number;
  y: number;
}

/**
 * Why nodes cannot become a graph of their own; null if they can. A node beside them that depends on
 * one and that another depends on would wait for itself (`circle`); a list that is linked to both
 * what goes in and what stays out has its order in neither (`list`).
 */
export const whyNoSubgraph = (
  graph: GraphDocument,
  items: Iterable<string>,
): 'circle' | 'list' | null => {
  const nodes = nodesOf(graph);
  const chosen = withMembers(canvasOf(graph), items);
  const inside = (id: string): boolean => chosen.has(id) && Object.hasOwn(nodes, id);
  for (const [id, node] of Object.entries(nodes))
    for (const link of inside(id) ? Object.values(node.links ?? {}) : []) {
      const within = sourcesOf(link).filter((source) => inside(splitPort(source).node));
      if (within.length && within.length < sourcesOf(link).length) return 'list';
    }
  const fed = new Set(Object.keys(nodes).filter(inside));
  const waiting = [...fed];
  const below = Map.groupBy(edgesOf(graph), (edge) => edge.source);
  while (waiting.length)
    for (const { source, target } of below.get(waiting.pop()!) ?? []) {
      if (inside(target) && !inside(source)) return 'circle';
      if (fed.has(target)) continue;
      fed.add(target);
      waiting.push(target);
    }
  return null;
};

export const makeSubgraph = (
  document: WorkflowDocument,
  command: MakeSubgraph,
): WorkflowDocument => {
  if (document.graphs && Object.hasOwn(document.graphs, command.name)) return document;
  const graph = graphOf(document, command.graph);
  const items = withMembers(canvasOf(graph), command.items);
  const inside = new Set([...items].filter((item) => Object.hasOwn(nodesOf(graph), item)));
  if (!inside.size || (Object.hasOwn(nodesOf(graph), command.id) && !inside.has(command.id)))
    return document;
  if (whyNoSubgraph(graph, command.items) !== null) return document;
  const made = new Extraction(graph, inside, items, command);
  const defined = {
    ...document,
    graphs: { ...document.graphs, [command.name]: made.definition() },
  };
  return withGraph(defined, command.graph, (now) => made.outside(now));
};

/** What is inside, what is outside, and what goes between them. */
class Extraction {
  /** Names of the definition's inputs by what is linked or bound to them, and of its outputs by port. */
  private readonly inputs: Record<string, InputDocument> = {};
  private readonly outputs: Record<string, string> = {};
  private readonly outputNames = new Map<string, string>();
  private readonly links: Record<string, LinkText> = {};
  private readonly nodes: Record<string, NodeDocument>;

  constructor(
    private readonly graph: GraphDocument,
    private readonly inside: ReadonlySet<string>,
    private readonly items: ReadonlySet<string>,
    private readonly command: MakeSubgraph,
  ) {
    this.nodes = Object.fromEntries(
      Object.entries(nodesOf(graph))
        .filter(([id]) => inside.has(id))
        .map(([id, node]) => [id, this.entered(id, node)]),
    );
    this.bind();
    for (const edge of edgesOf(graph))
      if (inside.has(edge.source) && !inside.has(edge.target))
        this.output(joinPort(edge.source, edge.sourcePort));
    for (const text of Object.values(graph.outputs ?? {}))
      if (inside.has(splitPort(text).node)) this.output(text);
  }

  /** A node with links from outside replaced by inputs of the definition. */
  private entered(id: string, node: NodeDocument): NodeDocument {
    const links: [string, LinkText][] = [];
    for (const [port, link] of Object.entries(node.links ?? {})) {
      const outside = sourcesOf(link).filter((source) => !this.inside.has(splitPort(source).node));
      if (outside.length) this.input(link, port, joinPort(id, port));
      else links.push([port, link]);
    }
    return assign(node, 'links', Object.fromEntries(links));
  }

  /** One input for each source outside: what is linked to the same thing goes in together. */
  private input(source: LinkText, port: string, target: string): void {
    const known = Object.entries(this.links).find(([, link]) => String(link) === String(source));
    if (known) {
      const input = this.inputs[known[0]]!;
      this.inputs[known[0]] = { ...input, to: [...targetsOf(input), target] };
      return;
    }
    const name = freshId(port, (id) => Object.hasOwn(this.inputs, id));
    this.inputs[name] = { to: [target] };
    this.links[name] = source;
  }

  private output(text: string): void {
    if (this.outputNames.has(text)) return;
    const { node, port } = splitPort(text);
    const name = freshId(port === 'out' ? node : port, (id) => Object.hasOwn(this.outputs, id));
    this.outputs[name] = text;
    this.outputNames.set(text, name);
  }

  definition(): GraphDocument {
    const made: GraphDocument = { inputs: this.inputs, outputs: this.outputs, nodes: this.nodes };
    const canvas = selectCanvas(canvasOf(this.graph), this.items, this.bends().within);
    return Object.keys(canvas).length ? { ...made, canvas } : made;
  }

  outside(graph: GraphDocument): GraphDocument {
    const { id, name, x, y } = this.command;
    const source = (text: string): string => {
      const output = this.outputNames.get(text);
      return output === undefined ? text : joinPort(id, output);
    };
    const target = (text: string): string => {
      const input = Object.entries(this.inputs).find(([, one]) => targetsOf(one).includes(text));
      return input === undefined ? text : joinPort(id, input[0]);
    };
    const made = follow(graph, { source, target });
    const node: NodeDocument = { type: `graph:${name}` };
    if (Object.keys(this.links).length) node.links = this.links;
    let placed = false;
    const nodes = Object.entries(nodesOf(made)).flatMap(
      ([key, other]): [string, NodeDocument][] => {
        if (!this.inside.has(key)) return [[key, other]];
        if (placed) return [];
        placed = true;
        return [[id, node]];
      },
    );
    return changeCanvas({ ...made, nodes: Object.fromEntries(nodes) }, (canvas) => ({
      ...this.withoutItems(canvas),
      nodes: { ...drop(canvas.nodes ?? {}, ...this.inside), [id]: { x, y } },
    }));
  }

  /** The bends that go inside, and those that are still needed outside: a bend may be both. */
  private bends(): { within: Set<string>; without: Set<string> } {
    const canvas = canvasOf(this.graph);
    const [within, without] = [new Set<string>(), new Set<string>()];
    for (const [end, through] of Object.entries(canvas.routes ?? {})) {
      const needed = this.inside.has(splitPort(end).node) ? within : without;
      let at = `reroute:${through}`;
      while (itemKind(at) === 'reroute' && !needed.has(itemId(at))) {
        needed.add(itemId(at));
        at = canvas.reroutes?.[itemId(at)]?.source ?? '';
      }
    }
    for (const [id, { source }] of Object.entries(canvas.reroutes ?? {})) {
      const rooted = rootedIn(canvas, source, this.inside);
      if (!rooted) within.delete(id);
      if (!rooted || (!within.has(id) && !without.has(id))) (rooted ? within : without).add(id);
    }
    return { within, without };
  }

  /** The canvas outside: the new node is in the frame that the first of what went in was in. */
  private withoutItems(canvas: CanvasSection): CanvasSection {
    const gone = (prefix: string) =>
      [...this.items].filter((item) => item.startsWith(prefix)).map((item) => itemId(item));
    let placed = false;
    const place = (member: string): string[] => {
      if (!this.items.has(member)) return [member];
      if (placed) return [];
      placed = true;
      return [this.command.id];
    };
    let left = canvas;
    if (left.frames)
      left = assign(
        left,
        'frames',
        mapValues(drop(left.frames, ...gone('frame:')), (frame) =>
          frame.members?.some((one) => this.items.has(one))
            ? { ...frame, members: frame.members.flatMap(place) }
            : frame,
        ),
      );
    if (left.notes) left = assign(left, 'notes', drop(left.notes, ...gone('note:')));
    if (!left.reroutes) return left;
    const { within, without } = this.bends();
    const inner = [...within].filter((id) => !without.has(id));
    return assign(left, 'reroutes', drop(left.reroutes, ...inner));
  }

  /** The named inputs that set ports inside set an input of the new node instead. */
  private bind(): void {
    for (const [name, input] of Object.entries(this.graph.inputs ?? {})) {
      const within = targetsOf(input).filter((text) => this.inside.has(splitPort(text).node));
      if (within.length)
        this.inputs[freshId(name, (id) => Object.hasOwn(this.inputs, id))] = { to: within };
    }
  }
}

/** The part of a canvas section that concerns some items. */
export const selectCanvas = (
  canvas: CanvasSection,
  items: ReadonlySet<string>,
  bends?: ReadonlySet<string>,
): CanvasSection => {
  const made: CanvasSection = {};
  const chosen = <V>(record: Record<string, V> | undefined, prefix: string) =>
    Object.fromEntries(Object.entries(record ?? {}).filter(([id]) => items.has(prefix + id)));
  const nodes = chosen(canvas.nodes, '');
  const frames = mapValues(chosen(canvas.frames, 'frame:'), (frame) =>
    assign(
      frame,
      'members',
      frame.members?.filter((one) => items.has(one)),
    ),
  );
  const notes = chosen(canvas.notes, 'note:');
  if (Object.keys(nodes).length) made.nodes = nodes;
  if (Object.keys(frames).length) made.frames = frames;
  if (Object.keys(notes).length) made.notes = notes;
  const reroutes = Object.fromEntries(
    Object.entries(canvas.reroutes ?? {}).filter(([id, one]) =>
      bends ? bends.has(id) : rootedIn(canvas, one.source, items),
    ),
  );
  if (Object.keys(reroutes).length) {
    made.reroutes = reroutes;
    const routes = Object.fromEntries(
      Object.entries(canvas.routes ?? {}).filter(
        ([end, through]) => Object.hasOwn(reroutes, through) && items.has(splitPort(end).node),
      ),
    );
    if (Object.keys(routes).length) made.routes = routes;
  }
  return made;
};

const rootedIn = (canvas: CanvasSection, source: string, items: ReadonlySet<string>): boolean => {
  let at = source;
  for (let depth = 0; itemKind(at) === 'reroute' && depth < 1000; depth += 1)
    at = canvas.reroutes?.[itemId(at)]?.source ?? '';
  return items.has(splitPort(at).node);
};
