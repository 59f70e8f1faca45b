/** Taking nodes out of a chain without breaking it. */

import type { Command } from './commands';
import { edgesOf, graphOf, joinPort, type PortName, type WorkflowDocument } from './document';
import type { GraphTypes } from './ports';
import { fits, required } from './types';

/**
 * The links that close the gap when nodes are taken away: what came in by an input of the type that
 * went out takes its place, the same-named one first, as it is for a bypassed node.
 */
export const healing = (
  document: WorkflowDocument,
  types: GraphTypes,
  gone: ReadonlySet<string>,
): Command[] => {
  const edges = edgesOf(graphOf(document, types.name));
  const through = (at: PortName, depth: number): PortName | null => {
    if (!gone.has(at.node)) return at;
    if (depth > gone.size) return null;
    const given = types.outputType(at);
    if (!given) return null;
    const into = edges.filter((edge) => edge.target === at.node);
    const fitting = into.filter((edge) => {
      const type = types.outputType({ node: edge.source, port: edge.sourcePort });
      return type !== undefined && fits(type, given).how === 'direct';
    });
    const chosen = fitting.find((edge) => edge.targetPort === at.port) ?? fitting[0];
    return chosen ? through({ node: chosen.source, port: chosen.sourcePort }, depth + 1) : null;
  };
  return edges.flatMap((edge): Command[] => {
    if (!gone.has(edge.source) || gone.has(edge.target)) return [];
    const source = through({ node: edge.source, port: edge.sourcePort }, 0);
    if (!source) return [];
    return [
      {
        do: 'connect',
        graph: types.name,
        from: joinPort(source.node, source.port),
        to: joinPort(edge.target, edge.targetPort),
        ...(edge.index === null ? {} : { among: edge.index }),
      },
    ];
  });
};

/** What bypassing a node would break: the outputs that are used and that no input can stand for. */
export const brokenByBypass = (
  document: WorkflowDocument,
  types: GraphTypes,
  id: string,
): string[] => {
  const { inputs, outputs } = types.portsOf(id);
  const used = new Set(
    edgesOf(graphOf(document, types.name))
      .filter((edge) => edge.source === id)
      .map((edge) => edge.sourcePort),
  );
  return outputs
    .filter((output) => used.has(output.name))
    .filter(
      (output) =>
        !inputs.some(
          (input) =>
            input.name === output.name || required(input.type).text === required(output.type).text,
        ),
    )
    .map((output) => output.name);
};
