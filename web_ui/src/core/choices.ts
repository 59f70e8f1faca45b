/** What a node may be linked to: the list for those who do not draw links. */

import type { PortName } from './document';
import type { GraphTypes } from './ports';
import { ancestors, descendants, whyNot } from './rules';

export interface LinkChoice {
  from: PortName;
  to: PortName;
  /** Whether the input has a link that this one takes the place of, or stands beside. */
  taken: boolean;
}

/** One end that a link is wanted for. */
export type LinkEnd = PortName & { side: 'source' | 'target' };

/** Every link that may be made at a node, or at one port of it: to free inputs first. */
export const linkChoices = (
  types: GraphTypes,
  at: { node: string } | LinkEnd,
  all: readonly string[],
): LinkChoice[] => {
  const { node } = at;
  const { inputs, outputs } = types.portsOf(node);
  const wanted = (side: LinkEnd['side'], port: string): boolean =>
    !('side' in at) || (at.side === side && at.port === port);
  const above = ancestors(types, node);
  const below = descendants(types, node, all);
  const made: LinkChoice[] = [];
  const offer = (from: PortName, to: PortName, barred: ReadonlySet<string>): void => {
    if (whyNot(types, from, to, barred) === null)
      made.push({ from, to, taken: types.node(to.node)?.links?.[to.port] !== undefined });
  };
  for (const other of all) {
    if (other === node) continue;
    for (const output of outputs.filter((port) => wanted('source', port.name)))
      for (const input of types.portsOf(other).inputs)
        offer({ node, port: output.name }, { node: other, port: input.name }, above);
    for (const input of inputs.filter((port) => wanted('target', port.name)))
      for (const output of types.portsOf(other).outputs)
        offer(
          { node: other, port: output.name },
          { node, port: input.name },
          below.has(other) ? new Set([node]) : new Set(),
        );
  }
  return [...made.filter((one) => !one.taken), ...made.filter((one) => one.taken)];
};
