/** Follow mode: the canvas moves to the node that runs, until the user moves it. */

import { canvasPath } from '@/core/running';
import { flowOf } from '@/shell/pointer';
import type { DocumentStore } from '@/state/document';
import { book } from '@/state/runs';
import { listen } from '@/state/runs/server';
import { setSettings, useSettings } from '@/state/settings';

const calm = (): boolean => matchMedia('(prefers-reduced-motion: reduce)').matches;

/** Watch the runs of a document that is looked at; gives what ends that. */
export function watchFollowing(store: DocumentStore, element: HTMLElement): () => void {
  const stop = listen('step_started', (event) => {
    if (event.type !== 'step_started' || !useSettings.getState().follow) return;
    const { uid, stack, projected } = store.getState();
    if (book.runs.get(event.run)?.home !== uid) return;
    const parts = canvasPath(event.node).split('/');
    const id = stack.every((one, depth) => one === parts[depth]) ? parts[stack.length] : undefined;
    const view = id === undefined ? undefined : projected.views.get(id);
    const flow = flowOf(store);
    if (!view || !flow) return;
    const { x, y } = view.layout ?? { x: 0, y: 0 };
    const { width, height } = view.geometry;
    void flow.setCenter(x + width / 2, y + height / 2, {
      zoom: flow.getZoom(),
      duration: calm() ? 0 : 200,
    });
  });
  const moved = (): void => {
    if (useSettings.getState().follow) setSettings({ follow: false });
  };
  element.addEventListener('pointerdown', moved);
  element.addEventListener('wheel', moved, { passive: true });
  return () => {
    stop();
    element.removeEventListener('pointerdown', moved);
    element.removeEventListener('wheel', moved);
  };
}
