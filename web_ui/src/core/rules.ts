/** Whether a link may be made. One function for dragging, pasting, dropping and replacing. */

import type { NodeType, Port } from './catalogue';
import { edgesInto, joinPort, sourcesOf, splitPort, type PortName } from './document';
import type { GraphTypes } from './ports';
import { fits, isVariable, substitute, unify, type Type } from './types';

/** Why not, as a key of the texts with what stands in it. */
export interface Refusal {
  key: string;
  args: Readonly<Record<string, string>>;
}

const refusal = (key: string, args: Record<string, string> = {}): Refusal => ({ key, args });

/** The nodes that a node depends on, itself among them. */
export const ancestors = (types: GraphTypes, id: string): Set<string> => {
  const found = new Set<string>([id]);
  const waiting = [id];
  while (waiting.length) {
    const node = types.node(waiting.pop()!);
    for (const link of Object.values(node?.links ?? {}))
      for (const text of sourcesOf(link)) {
        const source = splitPort(text).node;
        if (!found.has(source)) {
          found.add(source);
          waiting.push(source);
        }
      }
  }
  return found;
};

/** The nodes that depend on a node, itself among them. */
export const descendants = (types: GraphTypes, id: string, all: readonly string[]): Set<string> => {
  const below = new Map<string, string[]>();
  for (const other of all) {
    const node = types.node(other);
    if (!node) continue;
    for (const edge of edgesInto(other, node)) {
      const known = below.get(edge.source);
      if (known) known.push(other);
      else below.set(edge.source, [other]);
    }
  }
  const found = new Set<string>([id]);
  const waiting = [id];
  while (waiting.length)
    for (const next of below.get(waiting.pop()!) ?? [])
      if (!found.has(next)) {
        found.add(next);
        waiting.push(next);
      }
  return found;
};

/**
 * Why an output may not be linked to an input; null if it may.
 *
 * `above`, if it is known already, is what `ancestors` gives for the source.
 */
export const whyNot = (
  types: GraphTypes,
  from: PortName,
  to: PortName,
  above: ReadonlySet<string> = ancestors(types, from.node),
): Refusal | null => {
  const source = types.outputType(from);
  const port = types.input(to);
  if (!source || !port) return refusal('rules.noPort');
  const node = types.node(to.node)!;
  const link = node.links?.[to.port];
  if (link !== undefined && sourcesOf(link).includes(joinPort(from.node, from.port)))
    return refusal('rules.already');
  if (from.node === to.node) return refusal('rules.self');
  if (above.has(to.node)) return refusal('rules.cycle');
  if (!types.portsOf(from.node).known || !types.portsOf(to.node).known) return null;
  return whyNotTypes(types, source, to, port);
};

const whyNotTypes = (types: GraphTypes, source: Type, to: PortName, port: Port): Refusal | null => {
  const fit = fits(source, port.type);
  if (fit.how === 'no') return { key: fit.why.key, args: { ...fit.why.args } };
  const base = port.type.item ?? port.type;
  if (!isVariable(base)) return null;
  const { bindings } = types.bindingsOf(to.node, to.port);
  const given = fit.how === 'map' && source.item ? source.item : source;
  if (unify(given, port.type, bindings)) return null;
  return refusal('rules.bound', {
    source: source.text,
    target: substitute(port.type, bindings).text,
  });
};

/** Whether a link goes beside those that an input has, and not in their stead. */
export const goesAmong = (types: GraphTypes, from: PortName, to: PortName): boolean => {
  const item = types.input(to)?.type.item;
  const link = types.node(to.node)?.links?.[to.port];
  if (!item || link === undefined) return false;
  // A whole list stands alone; what is one of its items can stand among others.
  const isItem = (source: Type | undefined): boolean =>
    source !== undefined && fits(source, item).how === 'direct';
  return [joinPort(from.node, from.port), ...sourcesOf(link)].every((text) =>
    isItem(types.outputType(splitPort(text))),
  );
};

/** The input of a node that a dropped link goes to: the first that fits and is free, exact types first. */
export const bestInput = (types: GraphTypes, from: PortName, id: string): Port | null => {
  const above = ancestors(types, from.node);
  const source = types.outputType(from);
  const node = types.node(id);
  if (!source || !node) return null;
  const fitting = types
    .portsOf(id)
    .inputs.filter((port) => whyNot(types, from, { node: id, port: port.name }, above) === null);
  const free = fitting.filter((port) => !node.links || !Object.hasOwn(node.links, port.name));
  const among = free.length
    ? free
    : fitting.filter((port) => goesAmong(types, from, { node: id, port: port.name }));
  return best(among.length ? among : fitting, source);
};

/** The output of a node that a link dragged backwards comes from. */
export const bestOutput = (types: GraphTypes, to: PortName, id: string): Port | null => {
  const { outputs } = types.portsOf(id);
  const above = ancestors(types, id);
  return (
    outputs.find((port) => whyNot(types, { node: id, port: port.name }, to, above) === null) ?? null
  );
};

const best = (ports: readonly Port[], source: Type): Port | null => {
  const score = (port: Port): number => {
    const same = (port.type.item ?? port.type).name === (source.item ?? source).name ? 0 : 4;
    // Of two that fit as well, the one that is usually set.
    const rare = port.advanced ? 0.5 : 0;
    return (
      same + rare + (port.required ? 0 : 1) + (fits(source, port.type).how === 'direct' ? 0 : 2)
    );
  };
  return ports.reduce<Port | null>(
    (chosen, port) => (chosen === null || score(port) < score(chosen) ? port : chosen),
    null,
  );
};

/** The first input of a type of node that takes a type; for the search after a dropped link. */
export const inputFor = (type: NodeType, source: Type): Port | null =>
  best(
    type.inputs.filter((port) => fits(source, port.type).how !== 'no'),
    source,
  );

/** The first output of a type of node that an input takes. */
export const outputFor = (type: NodeType, target: Type): Port | null =>
  type.outputs.find((port) => fits(port.type, target).how !== 'no') ?? null;
