/** The seeds that the next run takes: written into the document, so that it says what ran. */

import type { Catalogue } from './catalogue';
import { apply, type Command } from './commands';
import {
  boundInputs,
  canvasOf,
  graphOf,
  joinPort,
  nodesOf,
  type Json,
  type SeedMode,
  type WorkflowDocument,
} from './document';
import { typesOf } from './ports';
import { MAX_SEED, nextSeed, type Bits } from './seeds';

interface SeedPort {
  mode: SeedMode;
  value: number;
  /** What stood there in a document. */
  read(document: WorkflowDocument): Json | undefined;
  write(value: number): Command;
}

const isSeed = (value: unknown): value is number =>
  typeof value === 'number' && Number.isInteger(value) && value >= 0 && value <= MAX_SEED;

/** Every seed of a document that changes from run to run. */
const changing = (document: WorkflowDocument, catalogue: Catalogue): SeedPort[] =>
  ['', ...Object.keys(document.graphs ?? {})].flatMap((graph) => [
    ...ofNodes(document, catalogue, graph),
    ...(graph === '' ? ofInputs(document, catalogue) : []),
  ]);

const ofNodes = (document: WorkflowDocument, catalogue: Catalogue, graph: string): SeedPort[] => {
  const here = graphOf(document, graph);
  const types = typesOf(document, catalogue, graph);
  const bound = boundInputs(here);
  return Object.entries(canvasOf(here).nodes ?? {}).flatMap(([node, layout]) =>
    Object.entries(layout.seeds ?? {}).flatMap(([port, mode]): SeedPort[] => {
      const there = nodesOf(here)[node];
      const text = joinPort(node, port);
      if (!there || mode === 'fixed' || bound.has(text)) return [];
      if (there.links && Object.hasOwn(there.links, port)) return [];
      const read = (from: WorkflowDocument) =>
        nodesOf(graphOf(from, graph))[node]?.values?.[port] ?? types.input({ node, port })?.default;
      const value = read(document) ?? 0;
      if (!isSeed(value)) return [];
      return [
        { mode, value, read, write: (to) => ({ do: 'setValue', graph, node, port, value: to }) },
      ];
    }),
  );
};

const ofInputs = (document: WorkflowDocument, catalogue: Catalogue): SeedPort[] =>
  Object.entries(canvasOf(document).inputs ?? {}).flatMap(([name, { seed: mode }]): SeedPort[] => {
    const input = document.inputs?.[name];
    if (!input || !mode || mode === 'fixed') return [];
    const text = typeof input.to === 'string' ? input.to : input.to[0];
    const [node = '', port = ''] = (text ?? '').split('.');
    const read = (from: WorkflowDocument) =>
      from.inputs?.[name]?.default ??
      nodesOf(from)[node]?.values?.[port] ??
      typesOf(document, catalogue, '').input({ node, port })?.default;
    const value = read(document) ?? 0;
    if (!isSeed(value)) return [];
    return [
      {
        mode,
        value,
        read,
        write: (to) => ({ do: 'setInput', graph: '', name, input: { default: to } }),
      },
    ];
  });

/**
 * The commands that put in the seeds of the next run. A random one is always new; one that counts
 * up stays if no run has taken it yet: `before` is what was run last.
 */
export const seedCommands = (
  document: WorkflowDocument,
  catalogue: Catalogue,
  before: WorkflowDocument | null,
  bits?: Bits,
): Command[] =>
  changing(document, catalogue).flatMap((one) => {
    if (one.mode === 'increment' && (!before || one.read(before) !== one.value)) return [];
    return [one.write(nextSeed(one.value, one.mode, bits))];
  });

export interface Prepared {
  /** The document of each run, with its own seeds. */
  documents: WorkflowDocument[];
  /** What brings the document to what the last of them is; empty if no seed changes. */
  commands: Command[];
}

/** Documents for several runs in a row, each with the next seeds. */
export const prepareRuns = (
  document: WorkflowDocument,
  catalogue: Catalogue,
  before: WorkflowDocument | null,
  count: number,
  bits?: Bits,
): Prepared => {
  const documents: WorkflowDocument[] = [];
  let commands: Command[] = [];
  let now = document;
  let last = before;
  for (let place = 0; place < count; place += 1) {
    const made = seedCommands(now, catalogue, last, bits);
    if (made.length) commands = made;
    now = made.reduce(apply, now);
    documents.push(now);
    last = now;
  }
  return { documents, commands: now === document ? [] : commands };
};
