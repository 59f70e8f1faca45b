import { Redo2, Undo2 } from 'lucide-react';
import { useTranslation } from 'react-i18next';
import { useStore } from 'zustand';
import type { DocumentStore } from '@/state/document';
import { useWorkspace } from '@/state/workspace';
import { perform } from './commands/registry';
import { MainMenu } from './menus/MainMenu';
import { RunBar } from './RunBar';
import { TabBar } from './TabBar';
import css from './TopBar.module.css';

/** Documents in tabs, and what runs them. */
export function TopBar() {
  const { t } = useTranslation('shell');
  const store = useWorkspace(({ documents, active }) =>
    documents.find((one) => one.getState().uid === active),
  );
  return (
    <header className={css.bar} data-region tabIndex={-1}>
      <MainMenu />
      <h1 className={css.name}>{t('name')}</h1>
      <div className={css.middle}>
        <TabBar />
      </div>
      {store && <Undoing store={store} />}
      <RunBar />
    </header>
  );
}

function Undoing({ store }: { store: DocumentStore }) {
  const { t } = useTranslation('commands');
  const undo = useStore(store, (state) => state.history.past.length > 0);
  const redo = useStore(store, (state) => state.history.future.length > 0);
  return (
    <>
      <button
        className={css.button}
        disabled={!undo}
        aria-label={t('edit.undo')}
        title={t('edit.undo')}
        onClick={() => perform('edit.undo')}
      >
        <Undo2 size={17} aria-hidden />
      </button>
      <button
        className={css.button}
        disabled={!redo}
        aria-label={t('edit.redo')}
        title={t('edit.redo')}
        onClick={() => perform('edit.redo')}
      >
        <Redo2 size={17} aria-hidden />
      </button>
    </>
  );
}
