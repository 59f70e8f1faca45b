import { Lock, Plus, X } from 'lucide-react';
import { useEffect, useRef, type PointerEvent } from 'react';
import { useTranslation } from 'react-i18next';
import { useStore } from 'zustand';
import { isUnsaved, type DocumentStore } from '@/state/document';
import { rename } from '@/state/files/saving';
import { nameOf } from '@/state/files/title';
import { activate, moveDocument, newDocument, useWorkspace } from '@/state/workspace';
import { closeTab } from './files/closing';
import { useRenaming } from './files/dialogs';
import css from './TabBar.module.css';

/** Pixels that a press may move and is still a click. */
const SLOP = 5;

/** The open documents. */
export function TabBar() {
  const { t } = useTranslation('files');
  const documents = useWorkspace((workspace) => workspace.documents);
  const active = useWorkspace((workspace) => workspace.active);
  return (
    <nav className={css.tabs} aria-label={t('tabs')}>
      <ul className={css.list}>
        {documents.map((store) => {
          const { uid } = store.getState();
          return <Tab key={uid} store={store} active={uid === active} />;
        })}
      </ul>
      <button className={css.add} title={t('new')} aria-label={t('new')} onClick={newDocument}>
        <Plus size={16} aria-hidden />
      </button>
    </nav>
  );
}

/** Pull a tab to another place. */
const pull = (store: DocumentStore) => (event: PointerEvent<HTMLElement>) => {
  if (event.button !== 0) return;
  const item = event.currentTarget;
  const start = event.clientX;
  let pulled = false;
  const move = (moved: globalThis.PointerEvent): void => {
    pulled ||= Math.abs(moved.clientX - start) > SLOP;
    if (!pulled) return;
    item.dataset.pulled = '';
    const tabs = [...item.parentElement!.children];
    const to = tabs.findIndex((one) => {
      const box = one.getBoundingClientRect();
      return moved.clientX >= box.left && moved.clientX < box.right;
    });
    const from = tabs.indexOf(item);
    if (to < 0 || to === from) return;
    // Only once the pointer is past the middle: tabs of different widths would jump to and fro.
    const box = tabs[to]!.getBoundingClientRect();
    const past = box.left + box.width / 2;
    if (to > from ? moved.clientX > past : moved.clientX < past)
      moveDocument(store.getState().uid, to);
  };
  const stop = (): void => {
    delete item.dataset.pulled;
    window.removeEventListener('pointermove', move);
    window.removeEventListener('pointerup', stop);
    window.removeEventListener('pointercancel', stop);
  };
  window.addEventListener('pointermove', move);
  window.addEventListener('pointerup', stop);
  window.addEventListener('pointercancel', stop);
};

function Tab({ store, active }: { store: DocumentStore; active: boolean }) {
  const { t } = useTranslation('files');
  const { uid } = store.getState();
  const own = useStore(store, nameOf);
  const unsaved = useStore(store, isUnsaved);
  const readOnly = useStore(store, (state) => state.readOnly);
  const renaming = useRenaming((state) => state.uid === uid);
  const item = useRef<HTMLLIElement>(null);
  useEffect(() => {
    if (active) item.current?.scrollIntoView({ block: 'nearest', inline: 'nearest' });
  }, [active]);
  const name = own || t('untitled');
  return (
    <li
      ref={item}
      className={css.tab}
      data-active={active || undefined}
      data-unsaved={unsaved || undefined}
      onPointerDown={renaming ? undefined : pull(store)}
    >
      {renaming ? (
        <Name store={store} name={own} />
      ) : (
        <button
          className={css.name}
          aria-current={active ? 'page' : undefined}
          title={readOnly ? t('tabReadOnly', { name }) : name}
          onClick={() => activate(uid)}
          onDoubleClick={() => !readOnly && useRenaming.setState({ uid })}
          onAuxClick={(event) => event.button === 1 && closeTab(store)}
        >
          {readOnly && <Lock size={12} aria-hidden />}
          <span className={css.text}>{name}</span>
          {readOnly && <span className="visually-hidden">{t('readOnly')}</span>}
          {unsaved && <span className="visually-hidden">{t('unsaved')}</span>}
        </button>
      )}
      <button
        className={css.close}
        aria-label={t('closeTab', { name })}
        title={t('closeTab', { name })}
        onPointerDown={(event) => event.stopPropagation()}
        onClick={() => closeTab(store)}
      >
        <span className={css.dot} aria-hidden />
        <X className={css.cross} size={14} aria-hidden />
      </button>
    </li>
  );
}

/** The name of a document while it is written. */
function Name({ store, name }: { store: DocumentStore; name: string }) {
  const { t } = useTranslation('files');
  const done = (next: string | null): void => {
    useRenaming.setState({ uid: null });
    if (next !== null) void rename(store, next.trim());
  };
  return (
    <input
      className={css.input}
      aria-label={t('name')}
      defaultValue={name}
      placeholder={t('untitled')}
      maxLength={200}
      autoFocus
      onFocus={(event) => event.target.select()}
      onBlur={(event) => done(event.target.value)}
      onKeyDown={(event) => {
        event.stopPropagation();
        if (event.nativeEvent.isComposing) return;
        if (event.key === 'Enter') event.currentTarget.blur();
        if (event.key === 'Escape') {
          event.currentTarget.value = name;
          event.currentTarget.blur();
        }
      }}
    />
  );
}
