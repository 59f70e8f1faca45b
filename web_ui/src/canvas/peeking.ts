/** Resting on a link or an output: what stood there in the last run is shown. */

import { create } from 'zustand';
import { pathOf, type DocumentStore } from '@/state/document';

export interface Peek {
  store: DocumentStore;
  /** The node whose output it is, by its path in a run. */
  path: string;
  node: string;
  port: string;
  screen: { x: number; y: number };
}

export const usePeek = create<{ peek: Peek | null }>(() => ({ peek: null }));

/** Milliseconds that the pointer has to rest. */
const REST = 350;

const outputAt = (store: DocumentStore, target: Element): { node: string; port: string } | null => {
  const handle = target.closest<HTMLElement>('.react-flow__handle.source');
  if (handle) {
    const node = handle.dataset['nodeid'];
    return node && !node.startsWith('reroute:')
      ? { node, port: handle.dataset['handleid'] ?? '' }
      : null;
  }
  const id = target.closest<HTMLElement>('.react-flow__edge')?.dataset['id'];
  const edge = store.getState().projected.segments.find((one) => one.id === id)?.edges[0];
  return edge ? { node: edge.source, port: edge.sourcePort } : null;
};

/** Watch a canvas for a pointer that rests; gives what ends that. */
export function watchPeeking(store: DocumentStore, element: HTMLElement): () => void {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const close = (): void => {
    clearTimeout(timer);
    if (usePeek.getState().peek) usePeek.setState({ peek: null });
  };
  const over = (event: PointerEvent): void => {
    close();
    if (event.buttons || event.pointerType === 'touch') return;
    const found = outputAt(store, event.target as Element);
    if (!found) return;
    const screen = { x: event.clientX, y: event.clientY };
    timer = setTimeout(() => {
      const path = pathOf(store.getState(), found.node);
      usePeek.setState({ peek: { store, path, ...found, screen } });
    }, REST);
  };
  element.addEventListener('pointerover', over);
  element.addEventListener('pointerdown', close);
  element.addEventListener('pointerleave', close);
  element.addEventListener('wheel', close, { passive: true });
  return () => {
    close();
    element.removeEventListener('pointerover', over);
    element.removeEventListener('pointerdown', close);
    element.removeEventListener('pointerleave', close);
    element.removeEventListener('wheel', close);
  };
}
