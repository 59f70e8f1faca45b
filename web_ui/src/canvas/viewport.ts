/** Where the canvas is looked at: remembered for each graph of each document. */

import type { OnMove, Viewport } from '@xyflow/react';
import { useMemo } from 'react';
import { useStore } from 'zustand';
import { shownGraph, type DocumentStore } from '@/state/document';

export function useViewport(store: DocumentStore) {
  const graph = useStore(store, shownGraph);
  return useMemo(() => {
    const known = store.getState().viewports[graph];
    return {
      ...(known ? { defaultViewport: known } : { fitView: true }),
      onMoveEnd: ((_event, at: Viewport) =>
        store.setState(({ viewports }) => ({
          viewports: { ...viewports, [graph]: at },
        }))) satisfies OnMove,
    };
  }, [store, graph]);
}
