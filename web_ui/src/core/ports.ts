/**
 * What ports the nodes of a graph have, and of which types: type variables take what is linked to
 * them, a node that maps gives lists, a definition's ports come from what stands in it.
 */

import { humanize, type Catalogue, type NodeType, type Port } from './catalogue';
import {
  definitionOf,
  edgesInto,
  graphOf,
  nodesOf,
  sourcesOf,
  splitPort,
  targetsOf,
  type GraphDocument,
  type Json,
  type NodeDocument,
  type PortName,
  type WorkflowDocument,
} from './document';
import {
  fits,
  isVariable,
  listOf,
  parseType,
  substitute,
  unify,
  type Bindings,
  type Type,
} from './types';

/** The ports of a node; `known` is false for a type that no pack here has. */
export interface NodePorts {
  known: boolean;
  inputs: readonly Port[];
  outputs: readonly Port[];
}

const UNKNOWN = parseType('Json');
const NONE: NodePorts = { known: false, inputs: [], outputs: [] };

const bare = (name: string, type: Type = UNKNOWN): Port => ({
  name,
  type,
  label: humanize(name),
  help: '',
  choices: {},
  schema: {},
  advanced: false,
  required: false,
  default: undefined,
});

const MAX_DEPTH = 32;

/** The ports that links, inputs and outputs of a graph name, by the node that has them. */
interface NamedPorts {
  inputs: ReadonlyMap<string, ReadonlySet<string>>;
  outputs: ReadonlyMap<string, ReadonlySet<string>>;
}

const namedPorts = (graph: GraphDocument): NamedPorts => {
  const inputs = new Map<string, Set<string>>();
  const outputs = new Map<string, Set<string>>();
  const note = (ports: Map<string, Set<string>>, text: string): void => {
    const { node, port } = splitPort(text);
    const known = ports.get(node);
    if (known) known.add(port);
    else ports.set(node, new Set([port]));
  };
  for (const input of Object.values(graph.inputs ?? {}))
    for (const text of targetsOf(input)) note(inputs, text);
  for (const node of Object.values(nodesOf(graph)))
    for (const link of Object.values(node.links ?? {}))
      for (const text of sourcesOf(link)) note(outputs, text);
  for (const text of Object.values(graph.outputs ?? {})) note(outputs, text);
  return { inputs, outputs };
};

/** A node has a list of things where it takes one: it is called once for each (`plan/literals.py`). */
const mapsOver = (port: Port, value: Json | undefined): boolean =>
  Array.isArray(value) &&
  port.type.item === null &&
  port.type.name !== 'Json' &&
  !isVariable(port.type);

/** The ports that inputs of a graph bring a list to, in one text. */
const listedPorts = (graph: GraphDocument): string =>
  Object.values(graph.inputs ?? {})
    .flatMap((input) => (Array.isArray(input.default) ? targetsOf(input) : []))
    .join(' ');

/** The values of a node that are lists, in one text. */
const listedValues = ({ values }: NodeDocument): string =>
  Object.keys(values ?? {})
    .filter((name) => Array.isArray(values![name]))
    .join(' ');

const definitionPorts = new WeakMap<
  object,
  { catalogue: Catalogue; ports: Map<string, NodePorts | null> }
>();

/** The types of one graph of a document. Immutable: another document has another view. */
export class GraphTypes {
  private readonly ports: Map<string, NodePorts>;
  private readonly resolved: Map<string, readonly Type[]>;
  private readonly resolving = new Set<string>();
  private readonly graph: GraphDocument;
  /** Found once for all nodes of unknown type: there may be thousands. */
  private named: NamedPorts | undefined;
  /** The lists that inputs of the graph bring, by the port that they are for. */
  private listed: ReadonlyMap<string, Json | undefined> | undefined;

  constructor(
    readonly document: WorkflowDocument,
    readonly catalogue: Catalogue,
    readonly name: string,
    private readonly stack: readonly string[] = [],
    /** A view of a graph with the same nodes and links: what is known there holds here. */
    like?: GraphTypes,
  ) {
    this.graph = graphOf(document, name);
    this.ports = like?.ports ?? new Map();
    this.resolved = like?.resolved ?? new Map();
    this.structure = like?.structure ?? this;
  }

  /** Stands for what the types depend on: views with the same one have the same types. */
  readonly structure: object;

  node(id: string): NodeDocument | undefined {
    const nodes = nodesOf(this.graph);
    return Object.hasOwn(nodes, id) ? nodes[id] : undefined;
  }

  /** The node type of an ordinary node, if it is known. */
  type(id: string): NodeType | undefined {
    const node = this.node(id);
    return node && this.catalogue.types.get(node.type);
  }

  /** The ports as they are declared. */
  portsOf(id: string): NodePorts {
    const known = this.ports.get(id);
    if (known) return known;
    const node = this.node(id);
    const made = node ? this.declared(id, node) : NONE;
    this.ports.set(id, made);
    return made;
  }

  private declared(id: string, node: NodeDocument): NodePorts {
    const name = definitionOf(node.type);
    if (name !== null) return this.knownDefinition(name) ?? this.placeholder(id, node);
    const type = this.catalogue.types.get(node.type);
    return type
      ? { known: true, inputs: type.inputs, outputs: type.outputs }
      : this.placeholder(id, node);
  }

  /** Ports of a node of unknown type: whatever the document names. */
  private placeholder(id: string, node: NodeDocument): NodePorts {
    this.named ??= namedPorts(this.graph);
    const inputs = new Set([
      ...Object.keys(node.links ?? {}),
      ...Object.keys(node.values ?? {}),
      ...(this.named.inputs.get(id) ?? []),
    ]);
    return {
      known: false,
      inputs: [...inputs].map((name) => bare(name)),
      outputs: [...(this.named.outputs.get(id) ?? [])].map((name) => bare(name)),
    };
  }

  /** The ports of a definition: the same objects as long as no definition changes. */
  private knownDefinition(name: string): NodePorts | null {
    const { graphs } = this.document;
    if (!graphs || this.stack.length) return this.ofDefinition(name);
    let known = definitionPorts.get(graphs);
    if (known?.catalogue !== this.catalogue) {
      known = { catalogue: this.catalogue, ports: new Map() };
      definitionPorts.set(graphs, known);
    }
    let ports = known.ports.get(name);
    if (ports === undefined) {
      ports = this.ofDefinition(name);
      known.ports.set(name, ports);
    }
    return ports;
  }

  private ofDefinition(name: string): NodePorts | null {
    const definition = this.document.graphs?.[name];
    if (!definition || this.stack.includes(name) || this.stack.length >= MAX_DEPTH) return null;
    const inside = this.inside(name);
    const inputs = Object.entries(definition.inputs ?? {}).map(([key, input]): Port => {
      const at = splitPort(targetsOf(input)[0] ?? '');
      const found = inside.portsOf(at.node).inputs.find((one) => one.name === at.port);
      return {
        ...(found ?? bare(key)),
        name: key,
        label: input.label ?? humanize(key),
        help: input.help ?? found?.help ?? '',
        // Who made it an input of the definition wants it to be seen.
        advanced: false,
        default: input.default ?? inside.node(at.node)?.values?.[at.port] ?? found?.default,
        required:
          (found?.required ?? false) &&
          input.default === undefined &&
          inside.node(at.node)?.values?.[at.port] === undefined,
      };
    });
    const outputs = Object.entries(definition.outputs ?? {}).map(([key, text]): Port => {
      const at = splitPort(text);
      const found = inside.portsOf(at.node).outputs.find((one) => one.name === at.port);
      return {
        ...(found ?? bare(key)),
        name: key,
        label: humanize(key),
        type: inside.outputType(at) ?? UNKNOWN,
      };
    });
    return { known: true, inputs, outputs };
  }

  private inside(name: string): GraphTypes {
    return new GraphTypes(this.document, this.catalogue, name, [...this.stack, name]);
  }

  input(at: PortName): Port | undefined {
    return this.portsOf(at.node).inputs.find((one) => one.name === at.port);
  }

  output(at: PortName): Port | undefined {
    return this.portsOf(at.node).outputs.find((one) => one.name === at.port);
  }

  /** The type that an output has here; undefined if there is no such output. */
  outputType(at: PortName): Type | undefined {
    const { outputs } = this.portsOf(at.node);
    const place = outputs.findIndex((one) => one.name === at.port);
    return place < 0 ? undefined : this.outputTypes(at.node)[place];
  }

  /** The types of all outputs of a node, in order. */
  outputTypes(id: string): readonly Type[] {
    const known = this.resolved.get(id);
    if (known) return known;
    const { outputs } = this.portsOf(id);
    if (this.resolving.has(id)) return outputs.map((one) => one.type); // a circle is told elsewhere
    this.resolving.add(id);
    const made = this.resolve(id);
    this.resolving.delete(id);
    this.resolved.set(id, made);
    return made;
  }

  private resolve(id: string): readonly Type[] {
    const ports = this.portsOf(id);
    const node = this.node(id)!;
    const plain = ports.outputs.map((one) => one.type);
    if (!ports.known || node.mode === 'mute') return plain;
    const { bindings, maps } = this.bindingsOf(id);
    return plain.map((type) => {
      const whole = substitute(type, bindings);
      return maps ? listOf(whole) : whole;
    });
  }

  /** What the links of a node mean for its type variables, and whether it is called once per item. */
  bindingsOf(id: string, without?: string): { bindings: Bindings; maps: boolean } {
    const bindings: Bindings = new Map();
    let maps = false;
    const node = this.node(id);
    if (!node) return { bindings, maps };
    for (const edge of edgesInto(id, node)) {
      if (edge.targetPort === without) continue;
      const port = this.input({ node: id, port: edge.targetPort });
      const source = this.outputType({ node: edge.source, port: edge.sourcePort });
      if (!port || !source) continue;
      const target = edge.index !== null && port.type.item ? port.type.item : port.type;
      const fit = fits(source, target);
      if (fit.how === 'no') continue;
      if (fit.how === 'map') maps = true;
      unify(fit.how === 'map' && source.item ? source.item : source, target, bindings);
    }
    return { bindings, maps: maps || this.hasList(id, node) };
  }

  private hasList(id: string, node: NodeDocument): boolean {
    this.listed ??= new Map(
      Object.values(this.graph.inputs ?? {}).flatMap((input) =>
        Array.isArray(input.default) ? targetsOf(input).map((at) => [at, input.default]) : [],
      ),
    );
    if (!node.values && !this.listed.size) return false;
    return this.portsOf(id).inputs.some(
      (port) =>
        node.links?.[port.name] === undefined &&
        mapsOver(port, this.listed!.get(`${id}.${port.name}`) ?? node.values?.[port.name]),
    );
  }

  /** The type that an input takes here, its variable replaced by what is linked elsewhere to the node. */
  inputType(at: PortName): Type | undefined {
    const port = this.input(at);
    if (!port) return undefined;
    const base = port.type.item ?? port.type;
    if (!isVariable(base)) return port.type;
    const { bindings } = this.bindingsOf(at.node, at.port);
    return bindings.has(base.name) ? substitute(port.type, bindings) : port.type;
  }
}

/** Whether types are as they were: of values only which are lists, and no places and names, matter to them. */
const sameStructure = (
  before: GraphTypes,
  document: WorkflowDocument,
  catalogue: Catalogue,
  name: string,
): boolean => {
  if (
    before.catalogue !== catalogue ||
    before.name !== name ||
    before.document.graphs !== document.graphs
  )
    return false;
  const [was, is] = [graphOf(before.document, name), graphOf(document, name)];
  const [old, nodes] = [nodesOf(was), nodesOf(is)];
  if (old === nodes && was.inputs === is.inputs && was.outputs === is.outputs) return true;
  if (was.inputs !== is.inputs && listedPorts(was) !== listedPorts(is)) return false;
  const ids = Object.keys(nodes);
  if (ids.length !== Object.keys(old).length) return false;
  return ids.every((id) => {
    const [a, b] = [old[id], nodes[id]!];
    // What a node of unknown type has is read off all that names it.
    if (!a || !before.portsOf(id).known) return false;
    if (a === b) return true;
    const linked = a.type === b.type && a.links === b.links && a.mode === b.mode;
    return linked && (a.values === b.values || listedValues(a) === listedValues(b));
  });
};

/** The types of a graph; those of a view before hold on as long as nothing changes that they depend on. */
export const typesOf = (
  document: WorkflowDocument,
  catalogue: Catalogue,
  name: string,
  before?: GraphTypes,
): GraphTypes => {
  const same = before !== undefined && sameStructure(before, document, catalogue, name);
  if (same && before.document === document) return before;
  return new GraphTypes(document, catalogue, name, [], same ? before : undefined);
};
