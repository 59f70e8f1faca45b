import { useEffect } from 'react';
import { Canvas } from '@/canvas/Canvas';
import { useWorkspace } from '@/state/workspace';
import css from './App.module.css';
import './commands/edit';
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
      <main className={css.main}>
        {store && <Canvas key={store.getState().uid} store={store} />}
      </main>
      <Notices />
    </div>
  );
}
