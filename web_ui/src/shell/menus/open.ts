/** The menu that is open at a place of the screen. */

import { create } from 'zustand';

/** Ids of what can be done; `-` is a line between, an array is a menu of its own under a name. */
export type MenuItem = string | { menu: string; items: readonly MenuItem[] };

export interface OpenMenu {
  x: number;
  y: number;
  items: readonly MenuItem[];
  label: string;
}

export const useMenu = create<{ menu: OpenMenu | null }>(() => ({ menu: null }));

export const openMenu = (menu: OpenMenu): void => useMenu.setState({ menu });

export const closeMenu = (): void => useMenu.setState({ menu: null });

/** What the menu of a node offers; `edit.*` act on the selection. */
export const NODE_MENU: readonly MenuItem[] = [
  'run.toHere',
  'run.inspect',
  'run.pin',
  'node.rename',
  'graph.enter',
  '-',
  'edit.cut',
  'edit.copy',
  'edit.duplicate',
  'edit.delete',
  'graph.removeAndHeal',
  'graph.replace',
  '-',
  'graph.bypass',
  'graph.mute',
  'graph.pin',
  'graph.collapse',
  'graph.fold',
  'graph.preview',
  '-',
  {
    menu: 'color',
    items: [
      'color.none',
      'color.red',
      'color.orange',
      'color.yellow',
      'color.green',
      'color.teal',
      'color.blue',
      'color.purple',
      'color.pink',
    ],
  },
  {
    menu: 'arrange',
    items: [
      'move.tidy',
      '-',
      'move.align.left',
      'move.align.center',
      'move.align.right',
      'move.align.top',
      'move.align.middle',
      'move.align.bottom',
      '-',
      'move.distribute.x',
      'move.distribute.y',
    ],
  },
  '-',
  'graph.frame',
  'graph.subgraph',
  'graph.unpack',
  'graph.ownCopy',
];

export const PANE_MENU: readonly MenuItem[] = [
  'graph.add',
  'graph.note',
  '-',
  'edit.paste',
  'edit.selectAll',
  '-',
  'move.tidy',
  'view.fit',
  'graph.leave',
  '-',
  'run.start',
];

export const LINK_MENU: readonly MenuItem[] = ['link.bend', 'run.inspect', '-', 'edit.delete'];
