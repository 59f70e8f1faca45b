import { lazy, Suspense } from 'react';
import { closeMask, useViewer } from './open';

const Viewer = lazy(() => import('./Viewer'));
const MaskEditor = lazy(() => import('./mask/MaskEditor'));

/** What is looked at, over the canvas; its parts come when they are needed. */
export function Viewers() {
  const viewing = useViewer((state) => state.viewing);
  const mask = useViewer((state) => state.mask);
  return (
    <Suspense fallback={null}>
      {viewing && <Viewer viewing={viewing} />}
      {mask && <MaskEditor wish={mask} onClose={closeMask} />}
    </Suspense>
  );
}
