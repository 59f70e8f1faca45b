/** Which menu opens where. */

import type { DocumentStore } from '@/state/document';
import { aimAt } from '@/shell/menus/aim';
import { LINK_MENU, NODE_MENU, openMenu, PANE_MENU } from '@/shell/menus/open';
import type { LinkEdge } from './flow';

const isText = (event: { target: EventTarget | null }): boolean =>
  (event.target as Element | null)?.closest?.('input, textarea, select') != null;

/** What is clicked becomes the selection, unless it is a part of it. */
export const createMenus = (store: DocumentStore, label: (key: string) => string) => ({
  onNodeContextMenu(event: React.MouseEvent, node: { id: string }) {
    if (isText(event)) return; // the browser's own
    event.preventDefault();
    if (!store.getState().selection.has(node.id)) store.select([node.id]);
    openMenu({
      x: event.clientX,
      y: event.clientY,
      items: [...aimAt(node.id, event.target), ...NODE_MENU],
      label: label('commands:menus.node'),
    });
  },
  onSelectionContextMenu(event: React.MouseEvent) {
    event.preventDefault();
    openMenu({
      x: event.clientX,
      y: event.clientY,
      items: NODE_MENU,
      label: label('commands:menus.node'),
    });
  },
  onEdgeContextMenu(event: React.MouseEvent, edge: LinkEdge) {
    event.preventDefault();
    store.select([], [edge.id]);
    openMenu({
      x: event.clientX,
      y: event.clientY,
      items: LINK_MENU,
      label: label('commands:menus.link'),
    });
  },
  onPaneContextMenu(event: MouseEvent | React.MouseEvent) {
    event.preventDefault();
    openMenu({
      x: event.clientX,
      y: event.clientY,
      items: PANE_MENU,
      label: label('commands:menus.pane'),
    });
  },
});
