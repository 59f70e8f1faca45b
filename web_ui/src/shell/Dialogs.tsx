import { lazy, Suspense } from 'react';
import { useDialogs } from './dialogs';

const Palette = lazy(() =>
  import('./palette/Palette').then((module) => ({ default: module.Palette })),
);
const Keys = lazy(() => import('./help/Keys').then((module) => ({ default: module.Keys })));
const Settings = lazy(() =>
  import('./help/Settings').then((module) => ({ default: module.Settings })),
);

/** The window that is open over the page. */
export function Dialogs() {
  const open = useDialogs((state) => state.open);
  return (
    <Suspense fallback={null}>
      {open === 'palette' && <Palette />}
      {open === 'keys' && <Keys />}
      {open === 'settings' && <Settings />}
    </Suspense>
  );
}
