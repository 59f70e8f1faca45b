import { lazy, Suspense, useEffect } from 'react';
import { Canvas } from '@/canvas/Canvas';
import { Empty } from '@/canvas/Empty';
import { Rail } from '@/panels/Rail';
import { Side } from '@/panels/Side';
import { useWorkspace } from '@/state/workspace';
import { Viewers } from '@/viewers/Viewers';
import css from './App.module.css';
import { SearchBox } from './adding/SearchBox';
import './commands/edit';
import './commands/file';
import './commands/graph';
import './commands/help';
import './commands/move';
import './commands/node';
import './commands/port';
import { Dialogs } from './Dialogs';
import { Find } from './help/Find';
import { ContextMenu } from './menus/ContextMenu';
import { useDialogs } from './dialogs';
import { watchDrops } from './dropping';
import { useFileDialog } from './files/dialogs';
import { Uploads } from './files/Uploads';
import { keepComposing, onKeyDown } from './commands/keys';
import './commands/run';
import { Announcer, Connection } from './Connection';
import { Notices } from './Notices';
import { notePointer } from './pointer';
import { TopBar } from './TopBar';

const FileDialogs = lazy(() => import('./files/FileDialogs'));
const Matters = lazy(() => import('./files/Matters'));

/** The whole page. */
export function App() {
  const store = useWorkspace(({ documents, active }) =>
    documents.find((one) => one.getState().uid === active),
  );
  const finding = useDialogs((state) => state.open === 'find');
  const asking = useFileDialog((state) => state.open !== null);
  useEffect(watchDrops, []);
  useEffect(() => {
    window.addEventListener('keydown', keepComposing, true);
    window.addEventListener('keydown', onKeyDown);
    window.addEventListener('pointermove', notePointer, { passive: true });
    return () => {
      window.removeEventListener('keydown', keepComposing, true);
      window.removeEventListener('keydown', onKeyDown);
      window.removeEventListener('pointermove', notePointer);
    };
  }, []);
  return (
    <div className={css.app}>
      <TopBar />
      <div className={css.body}>
        <Rail />
        <Side side="left" />
        <div className={css.center}>
          <main className={css.main} data-region tabIndex={-1}>
            {store && <Canvas key={store.getState().uid} store={store} />}
            {store && <Empty key={`empty ${store.getState().uid}`} store={store} />}
            <Suspense fallback={null}>
              {store && <Matters key={`matters ${store.getState().uid}`} store={store} />}
            </Suspense>
            <Uploads />
            {store && finding && <Find key={store.getState().uid} store={store} />}
          </main>
          <Side side="bottom" />
        </div>
        <Side side="right" />
      </div>
      {store && <SearchBox key={store.getState().uid} store={store} />}
      <ContextMenu />
      <Viewers />
      <Dialogs />
      <Connection />
      <Announcer />
      {asking && (
        <Suspense fallback={null}>
          <FileDialogs />
        </Suspense>
      )}
      <Notices />
    </div>
  );
}
