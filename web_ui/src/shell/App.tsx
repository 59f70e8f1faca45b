import { useEffect } from 'react';
import { Canvas } from '@/canvas/Canvas';
import { Rail } from '@/panels/Rail';
import { Side } from '@/panels/Side';
import { useWorkspace } from '@/state/workspace';
import { Viewers } from '@/viewers/Viewers';
import css from './App.module.css';
import { SearchBox } from './adding/SearchBox';
import './commands/edit';
import './commands/graph';
import './commands/help';
import './commands/move';
import './commands/node';
import { Dialogs } from './Dialogs';
import { Find } from './help/Find';
import { ContextMenu } from './menus/ContextMenu';
import { useDialogs } from './dialogs';
import { onKeyDown } from './commands/keys';
import './commands/run';
import { Announcer, Connection } from './Connection';
import { Notices } from './Notices';
import { notePointer } from './pointer';
import { TopBar } from './TopBar';

/** The whole page. */
export function App() {
  const store = useWorkspace(({ documents, active }) =>
    documents.find((one) => one.getState().uid === active),
  );
  const finding = useDialogs((state) => state.open === 'find');
  useEffect(() => {
    window.addEventListener('keydown', onKeyDown);
    window.addEventListener('pointermove', notePointer, { passive: true });
    return () => {
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
      <Notices />
    </div>
  );
}
