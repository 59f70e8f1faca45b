import { Menu } from 'lucide-react';
import { DropdownMenu } from 'radix-ui';
import { useTranslation } from 'react-i18next';
import { MenuItems } from './ContextMenu';
import css from './MainMenu.module.css';
import menu from './menu.module.css';
import type { MenuItem } from './open';

const MAIN: readonly MenuItem[] = [
  {
    menu: 'file',
    items: [
      'file.new',
      'file.open',
      'file.templates',
      '-',
      'file.save',
      'file.saveAs',
      'file.rename',
      'file.duplicate',
      '-',
      'file.import',
      'file.export',
      'file.picture',
      '-',
      'file.close',
    ],
  },
  {
    menu: 'edit',
    items: [
      'edit.undo',
      'edit.redo',
      '-',
      'edit.cut',
      'edit.copy',
      'edit.paste',
      'edit.pasteLinked',
      'edit.duplicate',
      'edit.delete',
      '-',
      'edit.selectAll',
      'edit.find',
    ],
  },
  {
    menu: 'graph',
    items: [
      'graph.add',
      'graph.note',
      '-',
      'graph.frame',
      'graph.subgraph',
      'graph.unpack',
      'graph.enter',
      'graph.leave',
      '-',
      'graph.bypass',
      'graph.mute',
      'graph.pin',
      'graph.collapse',
      'graph.fold',
      '-',
      'move.tidy',
    ],
  },
  {
    menu: 'run',
    items: ['run.start', 'run.front', 'run.toHere', 'run.stop', '-', 'run.pause', 'run.follow'],
  },
  {
    menu: 'view',
    items: [
      'view.fit',
      'view.focus',
      'view.actual',
      'view.zoomIn',
      'view.zoomOut',
      '-',
      'view.minimap',
      'view.theme',
    ],
  },
  '-',
  'help.palette',
  'help.settings',
  'help.keys',
];

/** Everything that can be done, behind one button. */
export function MainMenu() {
  const { t } = useTranslation('shell');
  return (
    <DropdownMenu.Root modal={false}>
      <DropdownMenu.Trigger className={css.button} aria-label={t('menu')} title={t('menu')}>
        <Menu size={18} aria-hidden />
      </DropdownMenu.Trigger>
      <DropdownMenu.Portal>
        <DropdownMenu.Content
          className={menu.menu}
          align="start"
          sideOffset={6}
          collisionPadding={8}
        >
          <MenuItems items={MAIN} />
        </DropdownMenu.Content>
      </DropdownMenu.Portal>
    </DropdownMenu.Root>
  );
}
