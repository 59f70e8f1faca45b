/** Documents and commands that are made up, the same for the same seed. */

import { linkChoices } from '../choices';
import { copyItems, type Command } from '../commands';
import {
  canvasOf,
  COLORS,
  definitionOf,
  edgesOf,
  freshId,
  freshNodeId,
  graphOf,
  joinPort,
  nodesOf,
  routeName,
  sourcesOf,
  targetsOf,
  type Json,
  type WorkflowDocument,
} from '../document';
import { healing } from '../heal';
import { bendsOf } from '../project';
import { GraphTypes } from '../ports';
import { goesAmong } from '../rules';
import { CATALOGUE } from './catalogue';
import { randomNumbers } from './graphs';

const VALUES: readonly Json[] = [0, -1.5, true, null, 'words', '词', [1, 2], { file: 'a.png' }];

/** Commands as a user would give them, one after the other, some of them for nothing. */
export class Hand {
  private readonly random: () => number;

  constructor(seed: number) {
    this.random = randomNumbers(seed * 7919 + 13);
  }

  whole = (below: number): number => Math.floor(this.random() * below);
  pick = <T>(all: readonly T[]): T | undefined => all[this.whole(all.length)];
  private some = <T>(all: readonly T[]): T[] => all.filter(() => this.random() < 0.35);
  private place = () => ({ x: this.whole(200) * 8, y: this.whole(100) * 8 });

  /** What may be done next; null if what was thought of makes no sense here. */
  next(document: WorkflowDocument): Command | null {
    const graphs = ['', ...Object.keys(document.graphs ?? {})];
    const graph = this.random() < 0.6 ? '' : this.pick(graphs)!;
    const kind = this.pick(KINDS)!;
    return this.make(kind, document, graph);
  }

  private make(
    kind: (typeof KINDS)[number],
    document: WorkflowDocument,
    name: string,
  ): Command | null {
    const graph = graphOf(document, name);
    const canvas = canvasOf(graph);
    const ids = Object.keys(nodesOf(graph));
    const id = this.pick(ids);
    const types = new GraphTypes(document, CATALOGUE, name);
    const items = [
      ...ids,
      ...Object.keys(canvas.frames ?? {}).map((one) => `frame:${one}`),
      ...Object.keys(canvas.notes ?? {}).map((one) => `note:${one}`),
    ];
    const bends = Object.keys(canvas.reroutes ?? {}).map((one) => `reroute:${one}`);
    const frame = this.pick(Object.keys(canvas.frames ?? {}));
    const port = id && this.pick(types.portsOf(id).inputs)?.name;
    const to = id && port ? joinPort(id, port) : undefined;
    const fresh = (base: string, record: object = {}) =>
      freshId(base, (one) => Object.hasOwn(record, one));
    switch (kind) {
      case 'add': {
        const type = this.pick([...CATALOGUE.types.keys()])!;
        const at = { id: freshNodeId(graph, type), layout: this.place() };
        return ids.length > 24 ? null : { do: 'addNode', graph: name, ...at, node: { type } };
      }
      case 'connect': {
        const choice = id && this.pick(linkChoices(types, { node: id }, ids));
        if (!choice) return null;
        const among = goesAmong(types, choice.from, choice.to)
          ? { among: this.pick([null, 0, 1])! }
          : {};
        const [from, to] = [choice.from, choice.to].map((end) => joinPort(end.node, end.port));
        return { do: 'connect', graph: name, from: from!, to: to!, ...among };
      }
      case 'disconnect': {
        const edge = this.pick(edgesOf(graph));
        if (!edge) return null;
        const index = edge.index !== null && this.random() < 0.7 ? { index: edge.index } : {};
        return {
          do: 'disconnect',
          graph: name,
          to: joinPort(edge.target, edge.targetPort),
          ...index,
        };
      }
      case 'orderLinks': {
        const edge = this.pick(edgesOf(graph).filter((one) => one.index !== null));
        const link = edge && nodesOf(graph)[edge.target]!.links![edge.targetPort]!;
        if (!edge || !link) return null;
        const sources = sourcesOf(link).toReversed();
        return {
          do: 'reorderLinks',
          graph: name,
          to: joinPort(edge.target, edge.targetPort),
          sources,
        };
      }
      case 'value':
        if (!id || !port || nodesOf(graph)[id]!.links?.[port] !== undefined) return null;
        return this.random() < 0.2
          ? { do: 'setValue', graph: name, node: id, port }
          : { do: 'setValue', graph: name, node: id, port, value: this.pick(VALUES)! };
      case 'move': {
        const chosen = this.some([...items, ...bends]);
        return {
          do: 'move',
          graph: name,
          to: Object.fromEntries(chosen.map((one) => [one, this.place()])),
        };
      }
      case 'resize': {
        const item = this.pick(items);
        const size = { width: 160 + this.whole(20) * 8, height: 40 + this.whole(20) * 8 };
        return item ? { do: 'resize', graph: name, item, ...size } : null;
      }
      case 'remove': {
        const chosen = this.some([...items, ...bends]).slice(0, 2);
        const gone = new Set(chosen);
        return this.random() < 0.5
          ? { do: 'remove', graph: name, items: chosen }
          : {
              do: 'batch',
              label: 'remove',
              commands: [
                ...healing(document, types, gone),
                { do: 'remove', graph: name, items: chosen },
              ],
            };
      }
      case 'frame': {
        const at = { ...this.place(), width: 320, height: 240, members: this.some(items) };
        const made = this.random() < 0.7 || !frame ? fresh('frame', canvas.frames) : frame;
        return { do: 'setFrame', graph: name, id: made, frame: at };
      }
      case 'intoFrame': {
        const chosen = this.random() < 0.3 ? null : (frame ?? null);
        return { do: 'putIntoFrame', graph: name, items: this.some(items), frame: chosen };
      }
      case 'note': {
        const known = this.pick(Object.keys(canvas.notes ?? {}));
        return known && this.random() < 0.5
          ? { do: 'setNote', graph: name, id: known, note: { text: String(this.whole(99)) } }
          : { do: 'setNote', graph: name, id: fresh('note', canvas.notes), note: this.place() };
      }
      case 'reroute': {
        const edge = this.pick(edgesOf(graph));
        if (!edge) return null;
        const end = routeName(joinPort(edge.target, edge.targetPort), edge.index);
        const chain = bendsOf(graph, edge);
        const source = chain.length
          ? `reroute:${chain.at(-1)}`
          : joinPort(edge.source, edge.sourcePort);
        const made = fresh('r', canvas.reroutes);
        return { do: 'addReroute', graph: name, id: made, ...this.place(), source, through: [end] };
      }
      case 'expose': {
        if (!to) return null;
        const known = this.pick(Object.keys(graph.inputs ?? {}));
        const input = known && this.random() < 0.3 ? known : fresh(port!, graph.inputs);
        return { do: 'expose', graph: name, name: input, to };
      }
      case 'unexpose': {
        const input = this.pick(Object.values(graph.inputs ?? {}));
        return input ? { do: 'unexpose', graph: name, to: this.pick(targetsOf(input))! } : null;
      }
      case 'input': {
        const input = this.pick(Object.keys(graph.inputs ?? {}));
        if (!input) return null;
        if (this.random() < 0.4)
          return { do: 'renameInput', graph: name, name: input, to: fresh('named', graph.inputs) };
        return this.random() < 0.5
          ? { do: 'setInput', graph: name, name: input, input: { default: this.pick(VALUES)! } }
          : {
              do: 'setInputSeed',
              graph: name,
              name: input,
              seed: this.pick(['fixed', 'random', null] as const)!,
            };
      }
      case 'output': {
        const known = this.pick(Object.keys(graph.outputs ?? {}));
        const output = id && this.pick(types.portsOf(id).outputs)?.name;
        if (known && this.random() < 0.5)
          return this.random() < 0.5
            ? { do: 'renameOutput', graph: name, name: known, to: fresh('result', graph.outputs) }
            : { do: 'setOutput', graph: name, name: known, from: null };
        if (!id || !output) return null;
        const made = fresh(output, graph.outputs);
        return { do: 'setOutput', graph: name, name: made, from: joinPort(id, output) };
      }
      case 'reorder': {
        const what = this.pick(['inputs', 'outputs'] as const)!;
        return {
          do: 'reorder',
          graph: name,
          what,
          names: Object.keys(graph[what] ?? {}).toReversed(),
        };
      }
      case 'layout':
        if (!id) return null;
        return {
          do: 'setLayout',
          graph: name,
          node: id,
          layout: {
            color: this.pick([...COLORS, null]) ?? null,
            title: this.pick(['A title', null]) ?? null,
            collapsed: this.random() < 0.3 ? true : null,
            advanced: this.random() < 0.3 ? true : null,
          },
        };
      case 'mode': {
        const mode = this.pick(['mute', 'bypass', null] as const) ?? null;
        return { do: 'setMode', graph: name, nodes: this.some(ids), mode };
      }
      case 'renameNode':
        return id
          ? { do: 'renameNode', graph: name, node: id, to: fresh('renamed', nodesOf(graph)) }
          : null;
      case 'replace': {
        const type = this.pick([...CATALOGUE.types.values()])!;
        if (!id || definitionOf(nodesOf(graph)[id]!.type) !== null) return null;
        const inputs = type.inputs.map((one) => one.name);
        const links = Object.entries(nodesOf(graph)[id]!.links ?? {}).filter(([one]) =>
          inputs.includes(one),
        );
        const outputs = Object.fromEntries(
          types
            .portsOf(id)
            .outputs.flatMap((one) =>
              type.outputs.some((other) => other.name === one.name) ? [[one.name, one.name]] : [],
            ),
        );
        const node = {
          type: type.id,
          ...(links.length ? { links: Object.fromEntries(links) } : {}),
        };
        return { do: 'replaceNode', graph: name, id, node, inputs, outputs };
      }
      case 'paste': {
        const other = this.pick(['', ...Object.keys(document.graphs ?? {})])!;
        const all = Object.keys(nodesOf(graphOf(document, other)));
        const plain = all.filter(
          (one) => definitionOf(nodesOf(graphOf(document, other))[one]!.type) === null,
        );
        // A definition within itself would be pasted by nobody: the workflow takes everything.
        const from =
          name === ''
            ? [
                ...all,
                ...Object.keys(canvasOf(graphOf(document, other)).frames ?? {}).map(
                  (one) => `frame:${one}`,
                ),
              ]
            : plain;
        if (ids.length > 24) return null;
        const fragment = copyItems(document, other, this.some(from));
        return {
          do: 'paste',
          graph: name,
          fragment,
          by: { x: 24, y: 24 },
          incoming: this.random() < 0.5 && other === name,
        };
      }
      case 'subgraph': {
        const chosen = this.some(items);
        const made = fresh('group', document.graphs);
        if (Object.keys(document.graphs ?? {}).length > 5) return null;
        return {
          do: 'makeSubgraph',
          graph: name,
          items: chosen,
          name: made,
          id: fresh(made, nodesOf(graph)),
          ...this.place(),
        };
      }
      case 'unpack': {
        const one = this.pick(
          ids.filter((key) => definitionOf(nodesOf(graph)[key]!.type) !== null),
        );
        return one && ids.length < 24 ? { do: 'unpack', graph: name, node: one } : null;
      }
      case 'ownCopy': {
        const one = this.pick(
          ids.filter((key) => definitionOf(nodesOf(graph)[key]!.type) !== null),
        );
        return one && Object.keys(document.graphs ?? {}).length < 6
          ? { do: 'ownCopy', graph: name, node: one, name: fresh('own', document.graphs) }
          : null;
      }
      case 'graphs': {
        const one = this.pick(Object.keys(document.graphs ?? {}));
        if (!one) return null;
        return this.random() < 0.5
          ? { do: 'renameGraph', name: one, to: fresh('shared', document.graphs) }
          : { do: 'removeGraph', name: one };
      }
      case 'name':
        return { do: 'setName', name: this.pick(['', 'A name', '名'])! };
    }
  }
}

const KINDS = [
  'add', 'add', 'add', 'connect', 'connect', 'connect', 'connect', 'connect', 'connect',
  'disconnect', 'orderLinks', 'value', 'value', 'move', 'resize', 'remove', 'frame', 'intoFrame',
  'note', 'reroute', 'reroute', 'expose', 'expose', 'unexpose', 'input', 'output', 'output',
  'reorder', 'layout', 'mode', 'renameNode', 'replace', 'paste', 'subgraph', 'subgraph', 'unpack',
  'ownCopy', 'graphs', 'name',
] as const; // prettier-ignore

/** A document to begin with: a definition used twice, frames in frames, a note, reroutes in a row. */
export const BEGINNING: WorkflowDocument = {
  musegraph: 1,
  name: 'Beginning',
  inputs: {
    radius: { to: ['soft.radius', 'again.radius'], default: 4 },
    seed: { to: 'noise.seed' },
  },
  outputs: { result: 'grid.out' },
  nodes: {
    noise: { type: 't.noise' },
    soft: { type: 'graph:softly', links: { image: 'noise.out' } },
    again: { type: 'graph:softly', links: { image: 'soft.image' } },
    grid: { type: 't.grid', links: { images: ['soft.image', 'again.image', 'noise.out'] } },
  },
  graphs: {
    softly: {
      inputs: { image: { to: 'blur.image' }, radius: { to: 'blur.radius', default: 3 } },
      outputs: { image: 'blur.out' },
      nodes: { blur: { type: 't.blur' } },
      canvas: { nodes: { blur: { x: 0, y: 0 } } },
    },
  },
  canvas: {
    nodes: {
      noise: { x: 0, y: 0 },
      soft: { x: 320, y: 0 },
      again: { x: 640, y: 0, color: 'blue' },
      grid: { x: 960, y: 0, kept: { images: [] } },
    },
    frames: {
      outer: { x: -40, y: -80, width: 1200, height: 600, members: ['frame:inner', 'grid'] },
      inner: { x: 0, y: -40, width: 600, height: 400, members: ['noise', 'soft', 'note:n'] },
    },
    notes: { n: { text: 'Noted', x: 0, y: 300, width: 200, height: 96 } },
    reroutes: {
      r: { x: 500, y: 200, source: 'noise.out' },
      r_2: { x: 700, y: 200, source: 'reroute:r' },
    },
    routes: { 'grid.images#2': 'r_2' },
    inputs: { seed: { seed: 'random' } },
  },
  unknown: { kept: 'as it is' },
} as WorkflowDocument;
