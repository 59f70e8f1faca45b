/**
 * From the text of a file to a document of the format that this version knows. A file of an older
 * format is brought forward step by step; what is unknown to a step stays as it is.
 */

import { readJson, UnreadableJson } from './canonical';
import type { Json, WorkflowDocument } from './document';

/** The format that documents are kept and edited in. */
export const FORMAT = 1;

type Raw = { [name: string]: Json | undefined };

/**
 * What brings a document of a format to the next one. Format 1 is the first, so there is none yet;
 * who adds one adds a file of the old format to `migrate.test.ts`.
 */
export type Steps = Readonly<Record<number, (document: Raw) => Raw>>;

const STEPS: Steps = {};

export type UnreadableWorkflowKey = 'read.none' | 'read.newer' | 'read.older' | 'read.broken';

/** A text or value that is no workflow. What to tell the user is a key of the texts. */
export class UnreadableWorkflow extends Error {
  constructor(
    /** With its namespace. */
    readonly key: string,
    readonly args: Readonly<Record<string, string | number>> = {},
  ) {
    super(`${key} ${JSON.stringify(args)}`);
    this.name = 'UnreadableWorkflow';
  }
}

const refuse = (key: UnreadableWorkflowKey, args: Record<string, string | number> = {}): never => {
  throw new UnreadableWorkflow(`files:${key}`, args);
};

const isRecord = (value: unknown): value is Raw =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** A JSON value as a document; throws {@link UnreadableWorkflow}. */
export function readDocument(
  value: unknown,
  steps: Steps = STEPS,
  format = FORMAT,
): WorkflowDocument {
  if (!isRecord(value) || typeof value.musegraph !== 'number') return refuse('read.none');
  let document = value;
  let at = value.musegraph;
  if (at > format) return refuse('read.newer', { format: at, known: format });
  for (; at < format; at += 1) {
    const step = steps[at];
    if (!step) return refuse('read.older', { format: at, known: format });
    document = { ...step(document), musegraph: at + 1 };
  }
  if (!isSound(document)) return refuse('read.broken');
  return document as unknown as WorkflowDocument;
}

/** Whether the parts that the canvas walks through are what it takes them for. */
const isSound = (graph: Raw): boolean => {
  const parts = [graph.nodes, graph.inputs, graph.outputs, graph.canvas, graph.graphs];
  if (!parts.every((part) => part === undefined || isRecord(part))) return false;
  const nodes = Object.values((graph.nodes ?? {}) as Raw);
  const graphs = Object.values((graph.graphs ?? {}) as Raw);
  return (
    nodes.every(
      (node) =>
        isRecord(node) &&
        typeof node.type === 'string' &&
        (node.values === undefined || isRecord(node.values)) &&
        (node.links === undefined ||
          (isRecord(node.links) && Object.values(node.links).every(isLink))),
    ) && graphs.every((one) => isRecord(one) && isSound(one))
  );
};

const isLink = (link: unknown): boolean =>
  typeof link === 'string' ||
  (Array.isArray(link) && link.every((source) => typeof source === 'string'));

/** The text of a file as a document; throws {@link UnreadableWorkflow}. */
export function readText(text: string): WorkflowDocument {
  let value: Json;
  try {
    value = readJson(text.replace(/^\ufeff/, ''));
  } catch (error) {
    if (!(error instanceof UnreadableJson)) throw error;
    throw new UnreadableWorkflow(`reading:${error.key}`, error.args);
  }
  return readDocument(value);
}
