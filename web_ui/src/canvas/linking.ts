/** The link that is being drawn: which handles take it, and why the others do not. */

import { create } from 'zustand';
import { splitPort, type PortName } from '@/core/document';
import type { GraphTypes } from '@/core/ports';
import { ancestors, descendants, whyNot, type Refusal } from '@/core/rules';

export interface Linking {
  /** The port that the link starts at; null while none is drawn. */
  from: (PortName & { side: 'source' | 'target' }) | null;
  types: GraphTypes | null;
  /** Nodes that a link cannot go to without a circle. */
  barred: ReadonlySet<string>;
  verdicts: Map<string, Refusal | null>;
}

const IDLE: Linking = { from: null, types: null, barred: new Set(), verdicts: new Map() };

export const useLinking = create<Linking>(() => IDLE);

export function startLinking(
  types: GraphTypes,
  at: PortName,
  side: 'source' | 'target',
  all: readonly string[],
): void {
  const barred = side === 'source' ? ancestors(types, at.node) : descendants(types, at.node, all);
  useLinking.setState({ from: { ...at, side }, types, barred, verdicts: new Map() });
}

export const stopLinking = (): void => useLinking.setState(IDLE);

/** Why the drawn link may not end at a port; null if it may. */
export function verdict(state: Linking, at: PortName, side: 'source' | 'target'): Refusal | null {
  const { from, types } = state;
  if (!from || !types) return null;
  if (from.side === side)
    return {
      key: from.node === at.node && from.port === at.port ? 'rules.self' : `rules.both-${side}`,
      args: {},
    };
  const key = `${side} ${at.node}.${at.port}`;
  const known = state.verdicts.get(key);
  if (known !== undefined) return known;
  const [source, target] = side === 'target' ? [from, at] : [at, from];
  const above =
    side === 'target' ? state.barred : new Set(state.barred.has(at.node) ? [target.node] : []);
  const made = whyNot(types, source, target, above);
  state.verdicts.set(key, made);
  return made;
}

/** How a handle looks while a link is drawn. */
export const handleState = (
  state: Linking,
  at: string,
  side: 'source' | 'target',
): 'idle' | 'no' | 'yes' => {
  if (!state.from) return 'idle';
  return verdict(state, splitPort(at), side) === null ? 'yes' : 'no';
};
