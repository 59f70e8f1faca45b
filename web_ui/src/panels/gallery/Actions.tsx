import {
  ArrowUpRight,
  ClipboardCopy,
  Columns2,
  Eye,
  LogIn,
  Star,
  Trash2,
  type LucideIcon,
} from 'lucide-react';
import { ContextMenu, DropdownMenu } from 'radix-ui';
import { useTranslation } from 'react-i18next';
import menu from '@/shell/menus/menu.module.css';
import { useDocumentStore } from '@/state/context';
import { compare, copyInputs, look, openWorkflow, remove, star } from './acting';
import css from './Gallery.module.css';
import type { Result } from './results';
import { send, takersOf } from './sending';

interface Deed {
  name: string;
  icon: LucideIcon;
  can: boolean;
  act(): void;
}

const deeds = (results: readonly Result[]): Deed[] => {
  const [one] = results;
  const single = results.length === 1;
  return [
    { name: 'open', icon: Eye, can: results.length > 0, act: () => look(results, 0) },
    { name: 'compare', icon: Columns2, can: results.length === 2, act: () => compare(results) },
    { name: 'star', icon: Star, can: results.length > 0, act: () => star(results) },
    { name: 'workflow', icon: ArrowUpRight, can: single, act: () => openWorkflow(one!) },
    { name: 'copy', icon: ClipboardCopy, can: single, act: () => void copyInputs(one!) },
    { name: 'delete', icon: Trash2, can: results.length > 0, act: () => remove(results) },
  ];
};

/** Buttons for what can be done with the results that are chosen. */
export function Actions({ results }: { results: readonly Result[] }) {
  const { t } = useTranslation('runs');
  if (!results.length) return null;
  return (
    <div className={css.actions} role="toolbar" aria-label={t('gallery.actions')}>
      {deeds(results).map(({ name, icon: Icon, can, act }) => (
        <button
          key={name}
          disabled={!can}
          title={t(`gallery.do.${name}`)}
          aria-label={t(`gallery.do.${name}`)}
          onClick={act}
        >
          <Icon size={16} aria-hidden />
        </button>
      ))}
      {results.length === 1 && <SendButton result={results[0]!} />}
    </div>
  );
}

function SendButton({ result }: { result: Result }) {
  const { t } = useTranslation('runs');
  const store = useDocumentStore();
  return (
    <DropdownMenu.Root modal={false}>
      <DropdownMenu.Trigger asChild>
        <button
          disabled={!takersOf(store, result.file).length}
          title={t('gallery.do.send')}
          aria-label={t('gallery.do.send')}
        >
          <LogIn size={16} aria-hidden />
        </button>
      </DropdownMenu.Trigger>
      <DropdownMenu.Portal>
        <DropdownMenu.Content className={menu.menu} sideOffset={4} collisionPadding={8}>
          {takersOf(store, result.file).map((taker) => (
            <DropdownMenu.Item
              key={`${taker.node}.${taker.port}`}
              className={menu.item}
              onSelect={() => send(store, result.file!, taker)}
            >
              {taker.label}
            </DropdownMenu.Item>
          ))}
        </DropdownMenu.Content>
      </DropdownMenu.Portal>
    </DropdownMenu.Root>
  );
}

/** The same at the pointer: one menu for all results. */
export function Menu({ results }: { results: readonly Result[] }) {
  const { t } = useTranslation('runs');
  const store = useDocumentStore();
  const takers = results.length === 1 ? takersOf(store, results[0]!.file) : [];
  return (
    <ContextMenu.Portal>
      <ContextMenu.Content className={menu.menu} collisionPadding={8}>
        {deeds(results).map(({ name, can, act }) => (
          <ContextMenu.Item key={name} className={menu.item} disabled={!can} onSelect={act}>
            {t(`gallery.do.${name}`)}
          </ContextMenu.Item>
        ))}
        {takers.length > 0 && <ContextMenu.Separator className={menu.line} />}
        {takers.map((taker) => (
          <ContextMenu.Item
            key={`${taker.node}.${taker.port}`}
            className={menu.item}
            onSelect={() => send(store, results[0]!.file!, taker)}
          >
            {t('gallery.sendTo', { name: taker.label })}
          </ContextMenu.Item>
        ))}
      </ContextMenu.Content>
    </ContextMenu.Portal>
  );
}
