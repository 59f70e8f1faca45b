/** Finding one's way: the palette, keys, settings, regions of the page. */

import { COLORS } from '@/core/document';
import { addBend } from '@/canvas/bending';
import { shownGraph } from '@/state/document';
import { setSettings, themeShown, useSettings } from '@/state/settings';
import { addNote } from '../adding/add';
import { openDialog } from '../dialogs';
import { closeMenu } from '../menus/open';
import { pointer } from '../pointer';
import { closeSearch } from '../search';
import { selectedNodes } from './graph';
import { isText } from './keys';
import { register, type Doing } from './registry';

/** The next part of the page: canvas, panels, bars. */
const nextRegion = (by: 1 | -1) => (): void => {
  const regions = [...document.querySelectorAll<HTMLElement>('[data-region]')];
  const here = regions.findIndex((region) => region.contains(document.activeElement));
  const next = regions[(here + by + regions.length) % regions.length];
  next?.focus({ preventScroll: true });
};

register(
  {
    id: 'help.palette',
    group: 'help',
    keys: ['Ctrl+K'],
    inText: true,
    run: () => openDialog('palette'),
  },
  { id: 'help.keys', group: 'help', keys: ['?'], run: () => openDialog('keys') },
  {
    id: 'help.settings',
    group: 'help',
    keys: ['Ctrl+,'],
    inText: true,
    run: () => openDialog('settings'),
  },
  { id: 'edit.find', group: 'edit', keys: ['Ctrl+F'], inText: true, run: () => openDialog('find') },
  { id: 'go.region', group: 'go', keys: ['F6'], inText: true, run: nextRegion(1) },
  { id: 'go.regionBack', group: 'go', keys: ['Shift+F6'], inText: true, run: nextRegion(-1) },
  {
    id: 'go.escape',
    group: 'go',
    keys: ['Escape'],
    inText: true,
    run: ({ store }) => {
      // One step each: out of a field to its node, out of a panel to the canvas, then nothing selected.
      const at = document.activeElement;
      const node = at?.closest<HTMLElement>('.react-flow__node');
      if (node && node !== at) {
        node.focus({ preventScroll: true });
        return;
      }
      if (isText(at)) {
        document.querySelector<HTMLElement>('main')?.focus({ preventScroll: true });
        return;
      }
      closeMenu();
      closeSearch();
      store.select([]);
    },
  },
  {
    id: 'view.theme',
    group: 'view',
    run: () =>
      setSettings({
        theme: themeShown(useSettings.getState().theme) === 'dark' ? 'light' : 'dark',
      }),
  },
  {
    id: 'view.minimap',
    group: 'view',
    run: () => setSettings({ minimap: !useSettings.getState().minimap }),
  },
  {
    id: 'graph.note',
    group: 'graph',
    keys: ['Shift+N'],
    when: ({ store }) => !store.getState().readOnly,
    run: ({ store }) => addNote(store, pointer(store) ?? { x: 0, y: 0 }),
  },
  {
    id: 'link.bend',
    group: 'graph',
    when: ({ store }) => !store.getState().readOnly && store.getState().selectedLinks.size === 1,
    run: ({ store }) => {
      const { projected, selectedLinks } = store.getState();
      const segment = projected.segments.find((one) => selectedLinks.has(one.id));
      const at = pointer(store);
      if (segment && at) addBend(store, segment, at);
    },
  },
  ...(['none', ...COLORS] as const).map((color): Doing => ({
    id: `color.${color}`,
    group: 'edit',
    when: ({ store }) => !store.getState().readOnly && store.getState().selection.size > 0,
    run: ({ store }) => {
      const graph = shownGraph(store.getState());
      const value = color === 'none' ? null : color;
      const { selection } = store.getState();
      const named = (kind: string) =>
        [...selection]
          .filter((item) => item.startsWith(`${kind}:`))
          .map((item) => item.slice(kind.length + 1));
      store.run({
        do: 'batch',
        label: 'color',
        commands: [
          ...selectedNodes(store).map(
            (node) => ({ do: 'setLayout', graph, node, layout: { color: value } }) as const,
          ),
          ...named('frame').map(
            (id) => ({ do: 'setFrame', graph, id, frame: { color: value } }) as const,
          ),
          ...named('note').map(
            (id) => ({ do: 'setNote', graph, id, note: { color: value } }) as const,
          ),
        ],
      });
    },
  })),
);
