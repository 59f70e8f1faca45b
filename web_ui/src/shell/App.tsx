import { useEffect } from 'react';
import { Canvas } from '@/canvas/Canvas';
import { Rail } from '@/panels/Rail';
import { Side } from '@/panels/Side';
import { useWorkspace } from '@/state/workspace';
import css from './App.module.css';
import { SearchBox } from './adding/SearchBox';
import './commands/edit';
import './commands/graph';
import './commands/move';
import { onKeyDown } from './commands/keys';
import { Notices } from './Notices';
import { notePointer } from './pointer';
import { TopBar } from './TopBar';

/** The whole page. */
export function App() {
  const store = useWorkspace(({ documents, active }) =>
    documents.find((one) => one.getState().uid === active),
  );
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
          </main>
          <Side side="bottom" />
        </div>
        <Side side="right" />
      </div>
      {store && <SearchBox key={store.getState().uid} store={store} />}
      <Notices />
    </div>
  );
}
