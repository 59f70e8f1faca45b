/** Which inputs take which models. */

import type { Catalogue, NodeType, Port } from './catalogue';
import type { Type } from './types';

const isSource = (type: Type): boolean =>
  type.name === 'ModelSource' || type.item?.name === 'ModelSource';

/** The kinds of models that an input takes; null if it takes any, or does not say. */
export const kindsOf = ({ schema }: Pick<Port, 'schema'>): readonly string[] | null =>
  schema.models ?? schema.items?.models ?? null;

/** The input of a node that takes a model of this kind; one that says so goes before others. */
export function portFor(inputs: readonly Port[], kind: string): Port | null {
  const sources = inputs.filter((one) => isSource(one.type));
  return (
    sources.find((one) => kindsOf(one)?.includes(kind)) ??
    sources.find((one) => kindsOf(one) === null) ??
    null
  );
}

/**
 * The node that opens a model of this kind: the first that needs one. What can do without, or does
 * not say what it takes, is not guessed at.
 */
export function nodeFor(catalogue: Catalogue, kind: string): NodeType | null {
  for (const type of catalogue.types.values()) {
    const port = portFor(type.inputs, kind);
    if (port?.required && kindsOf(port)) return type;
  }
  return null;
}

const GENERIC = /^(diffusion_pytorch_|pytorch_)?model\.(safetensors|bin)$/;

/** What it is called in a list: a file with the name that they all have, by the folder it is in. */
export function calledIn(source: string): { folder: string; name: string } {
  const path = source.split('/');
  if (path.length > 1 && GENERIC.test(path.at(-1)!)) path.pop();
  const name = path.pop()!;
  return { folder: path.map((part) => `${part}/`).join(''), name };
}
