import { ChevronRight } from 'lucide-react';
import { DropdownMenu } from 'radix-ui';
import { useTranslation } from 'react-i18next';
import { canDo, doing, perform } from '../commands/registry';
import { keysOf, showKeys } from '../commands/keys';
import css from './menu.module.css';
import { closeMenu, useMenu, type MenuItem } from './open';

/** The menu at the pointer. */
export function ContextMenu() {
  const menu = useMenu((state) => state.menu);
  if (!menu) return null;
  return (
    <DropdownMenu.Root
      key={`${menu.x} ${menu.y}`}
      open
      modal={false}
      onOpenChange={(open) => !open && closeMenu()}
    >
      <DropdownMenu.Trigger asChild>
        <span className={css.anchor} style={{ left: menu.x, top: menu.y }} />
      </DropdownMenu.Trigger>
      <DropdownMenu.Portal>
        <DropdownMenu.Content
          className={css.menu}
          align="start"
          sideOffset={2}
          collisionPadding={8}
          aria-label={menu.label}
          onCloseAutoFocus={(event) => {
            event.preventDefault();
            if (!document.querySelector('dialog[open]'))
              document.querySelector<HTMLElement>('main')?.focus({ preventScroll: true });
          }}
        >
          <MenuItems items={menu.items} />
        </DropdownMenu.Content>
      </DropdownMenu.Portal>
    </DropdownMenu.Root>
  );
}

/** What can be done now, of a list; lines only where something stands on both sides. */
const shownItems = (items: readonly MenuItem[]): MenuItem[] => {
  const there = items.filter((item) => {
    if (item === '-') return true;
    if (typeof item !== 'string') return shownItems(item.items).length > 0;
    const one = doing(item);
    return one !== undefined && canDo(one);
  });
  return there.filter(
    (item, place) =>
      item !== '-' || (place > 0 && place < there.length - 1 && there[place - 1] !== '-'),
  );
};

/** The rows of a menu. */
export function MenuItems({ items }: { items: readonly MenuItem[] }) {
  const { t } = useTranslation('commands');
  return shownItems(items).map((item, place) => {
    if (item === '-') return <DropdownMenu.Separator key={`line ${place}`} className={css.line} />;
    if (typeof item !== 'string')
      return (
        <DropdownMenu.Sub key={item.menu}>
          <DropdownMenu.SubTrigger className={css.item}>
            {t(`menus.${item.menu}`)}
            <ChevronRight size={14} aria-hidden />
          </DropdownMenu.SubTrigger>
          <DropdownMenu.Portal>
            <DropdownMenu.SubContent className={css.menu} collisionPadding={8}>
              <MenuItems items={item.items} />
            </DropdownMenu.SubContent>
          </DropdownMenu.Portal>
        </DropdownMenu.Sub>
      );
    const keys = keysOf(doing(item)!)[0];
    return (
      <DropdownMenu.Item key={item} className={css.item} onSelect={() => perform(item)}>
        <span data-tint={item.startsWith('color.') ? item.slice(6) : undefined}>{t(item)}</span>
        {keys && <kbd className={css.keys}>{showKeys(keys)}</kbd>}
      </DropdownMenu.Item>
    );
  });
}
