/** Bringing a node into view. */

import { flowOf } from '@/shell/pointer';
import type { DocumentStore } from '@/state/document';

/** Move the canvas to a node of the shown graph, once that is drawn. */
export const showNode = (store: DocumentStore, id: string): void => {
  requestAnimationFrame(() =>
    requestAnimationFrame(() => {
      const view = store.getState().projected.views.get(id);
      const flow = flowOf(store);
      if (!view || !flow) return;
      const { x, y } = view.layout ?? { x: 0, y: 0 };
      const { width, height } = view.geometry;
      void flow.setCenter(x + width / 2, y + height / 2, {
        zoom: Math.max(0.8, flow.getZoom()),
        duration: matchMedia('(prefers-reduced-motion: reduce)').matches ? 0 : 200,
      });
    }),
  );
};
