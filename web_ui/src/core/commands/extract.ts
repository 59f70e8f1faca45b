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
import { changeCanvas, withMembers } from './items';
import { relinked } from './nodes';

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
  const made = new Extraction(graph, inside, items, command);
  const defined = {
    ...document,
    graphs: { ...document.graphs, [command.name]: made.definition() },
  };
  return withGraph(defined, command.graph, () => made.outside());
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
      if (!outside.length) links.push([port, link]);
      else if (typeof link === 'string') this.input(link, port, joinPort(id, port));
      else links.push([port, link]);
    }
    return assign(node, 'links', Object.fromEntries(links));
  }

  /** One input for each source outside: what is linked to the same thing goes in together. */
  private input(source: string, port: string, target: string): void {
    const known = Object.entries(this.links).find(([, link]) => link === source);
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
    const canvas = selectCanvas(canvasOf(this.graph), this.items);
    return Object.keys(canvas).length ? { ...made, canvas } : made;
  }

  outside(): GraphDocument {
    const { id, name, x, y } = this.command;
    const follow = (text: string): string => {
      const output = this.outputNames.get(text);
      return output === undefined ? text : joinPort(id, output);
    };
    const node: NodeDocument = { type: `graph:${name}` };
    if (Object.keys(this.links).length) node.links = this.links;
    const nodes: [string, NodeDocument][] = [];
    let placed = false;
    for (const [key, other] of Object.entries(nodesOf(this.graph))) {
      if (!this.inside.has(key)) nodes.push([key, relinked(other, follow)]);
      else if (!placed) {
        nodes.push([id, node]);
        placed = true;
      }
    }
    let made: GraphDocument = { ...this.graph, nodes: Object.fromEntries(nodes) };
    made = this.rebound(made);
    if (made.outputs) made = { ...made, outputs: mapValues(made.outputs, follow) };
    return changeCanvas(made, (canvas) => ({
      ...withoutItems(canvas, this.items),
      nodes: { ...drop(canvas.nodes ?? {}, ...this.inside), [id]: { x, y } },
    }));
  }

  /** The named inputs that set ports inside set an input of the new node instead. */
  private rebound(graph: GraphDocument): GraphDocument {
    if (!graph.inputs) return graph;
    const inputs = mapValues(graph.inputs, (input, name) => {
      const within = targetsOf(input).filter((text) => this.inside.has(splitPort(text).node));
      if (!within.length) return input;
      const own = freshId(name, (id) => Object.hasOwn(this.inputs, id));
      this.inputs[own] = { to: within };
      const rest = targetsOf(input).filter((text) => !within.includes(text));
      return { ...input, to: [...rest, joinPort(this.command.id, own)] };
    });
    return { ...graph, inputs };
  }
}

/** The part of a canvas section that concerns some items. */
export const selectCanvas = (canvas: CanvasSection, items: ReadonlySet<string>): CanvasSection => {
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
    Object.entries(canvas.reroutes ?? {}).filter(([, one]) => rootedIn(canvas, one.source, items)),
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

const withoutItems = (canvas: CanvasSection, items: ReadonlySet<string>): CanvasSection => {
  const names = [...items].map((item) => itemId(item));
  let left = canvas;
  if (left.frames)
    left = assign(
      left,
      'frames',
      mapValues(drop(left.frames, ...names.filter((id) => items.has(`frame:${id}`))), (frame) =>
        frame.members?.some((one) => items.has(one))
          ? { ...frame, members: frame.members.filter((one) => !items.has(one)) }
          : frame,
      ),
    );
  if (left.notes)
    left = assign(
      left,
      'notes',
      drop(left.notes, ...names.filter((id) => items.has(`note:${id}`))),
    );
  if (left.reroutes) {
    const gone = Object.entries(left.reroutes)
      .filter(([, one]) => rootedIn(canvas, one.source, items))
      .map(([id]) => id);
    left = assign(left, 'reroutes', drop(left.reroutes, ...gone));
    left = assign(
      left,
      'routes',
      mapValues(left.routes ?? {}, (through) => (gone.includes(through) ? undefined : through)),
    );
  }
  return left;
};
