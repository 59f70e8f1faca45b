/** The port of a node that the open menu is about. */

import { useMenu, type MenuItem } from './open';

export interface Aim {
  node: string;
  port: string;
  side: 'input' | 'output';
}

let aimed: Aim | null = null;

/** Note which port was clicked, if any; and what its menu has more than that of the node. */
export function aimAt(node: string, target: EventTarget | null): readonly MenuItem[] {
  const row = (target as Element | null)?.closest?.<HTMLElement>('[data-port]');
  const { port, side } = row?.dataset ?? {};
  aimed = port && (side === 'input' || side === 'output') ? { node, port, side } : null;
  return aimed ? PORT_MENU : [];
}

/** Null while no menu is open. */
export const aimOf = (): Aim | null => (useMenu.getState().menu ? aimed : null);

const PORT_MENU: readonly MenuItem[] = [
  'port.reset',
  'port.expose',
  'port.unexpose',
  'port.result',
  'port.noResult',
  '-',
];
