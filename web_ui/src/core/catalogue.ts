/** The node types that the server knows, as the canvas needs them. */

import type { Json } from './document';
import { parseType, type Type } from './types';

export interface PortSchema {
  title?: string;
  description?: string;
  enum?: Json[];
  minimum?: number;
  maximum?: number;
  exclusiveMinimum?: number;
  exclusiveMaximum?: number;
  multipleOf?: number;
  multiline?: boolean;
  /** Rarely set: the canvas folds it away as long as it is not. */
  advanced?: boolean;
  format?: string;
  pattern?: string;
  items?: PortSchema;
  /** The kinds of models that a source may name. */
  models?: string[];
  anyOf?: PortSchema[];
  type?: string;
}

export interface PortFacts {
  type: string;
  /** In the language that was asked for; without one, it is the name. */
  label?: string;
  /** Words for the entries of a menu, where the language has them. */
  choices?: Record<string, string>;
  schema?: PortSchema;
  default?: Json;
  required?: boolean;
}

/** A node type as the server sends it. */
export interface NodeFacts {
  id: string;
  version: string;
  title: string;
  text: string;
  cache?: boolean;
  /** The heading that it stands under; without one, the title of its pack. */
  group?: string;
  /** Whether it is one of hundreds that a program made. */
  generated?: boolean;
  inputs: Record<string, PortFacts>;
  outputs: Record<string, PortFacts>;
}

export interface Port {
  name: string;
  type: Type;
  label: string;
  help: string;
  /** What the entries of a menu are called, where they are called otherwise. */
  choices: Readonly<Record<string, string>>;
  schema: PortSchema;
  /** Whether it is rarely set, as its author says. */
  advanced: boolean;
  required: boolean;
  default: Json | undefined;
}

export interface NodeType {
  id: string;
  pack: string;
  version: string;
  title: string;
  text: string;
  group: string;
  generated: boolean;
  inputs: Port[];
  outputs: Port[];
}

export interface Catalogue {
  types: ReadonlyMap<string, NodeType>;
  packs: ReadonlyMap<string, PackFacts>;
}

export interface PackFacts {
  name: string;
  version: string;
  title: string;
  /** What a saved workflow says of it: version, hash, and where it came from. */
  lock?: Readonly<Record<string, string>>;
}

/** `text_encoder` as people write it: `Text encoder`. */
export const humanize = (name: string): string => {
  const words = name.replaceAll('_', ' ');
  return words.charAt(0).toUpperCase() + words.slice(1);
};

/** What a schema says of the value, if there is one: `T | None` says it in one of two branches. */
const unwrapped = (schema: PortSchema): PortSchema => {
  const { anyOf, ...rest } = schema;
  const branch = anyOf?.find((one) => one.type !== 'null');
  return branch ? { ...branch, ...rest } : schema;
};

const port = (name: string, facts: PortFacts): Port => {
  const schema = unwrapped(facts.schema ?? {});
  return {
    name,
    type: parseType(facts.type),
    label: facts.label ?? humanize(name),
    help: facts.schema?.description ?? '',
    choices: facts.choices ?? {},
    schema,
    advanced: schema.advanced === true,
    required: facts.required ?? false,
    default: facts.default,
  };
};

export const nodeType = (facts: NodeFacts): NodeType => ({
  id: facts.id,
  pack: facts.id.slice(0, facts.id.indexOf('.')),
  version: facts.version,
  title: facts.title,
  text: facts.text,
  group: facts.group ?? '',
  generated: facts.generated ?? false,
  inputs: Object.entries(facts.inputs).map(([name, one]) => port(name, one)),
  outputs: Object.entries(facts.outputs).map(([name, one]) => port(name, one)),
});

export const makeCatalogue = (
  nodes: readonly NodeFacts[],
  packs: readonly PackFacts[] = [],
): Catalogue => ({
  types: new Map(nodes.map((facts) => [facts.id, nodeType(facts)])),
  packs: new Map(packs.map((pack) => [pack.name, pack])),
});

export const EMPTY_CATALOGUE: Catalogue = { types: new Map(), packs: new Map() };
