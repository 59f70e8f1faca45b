/** A link that rests over a node opens its fold, if one of the inputs in there takes it. */

import type { DocumentStore } from '@/state/document';
import { useLinking, verdict } from './linking';

/** Milliseconds over a node until it opens: who only passes by opens nothing. */
const REST = 300;

const nodeUnder = (event: MouseEvent | TouchEvent): string | null => {
  const at = 'changedTouches' in event ? event.changedTouches[0]! : event;
  // A finger's events go to where it was put down, not to where it is.
  const under = document.elementFromPoint(at.clientX, at.clientY);
  return under?.closest('.react-flow__node')?.getAttribute('data-id') ?? null;
};

/** Watch the links that are drawn in a document; gives what ends that. */
export function watchUnfolding(store: DocumentStore): () => void {
  let over: string | null = null;
  let timer: ReturnType<typeof setTimeout> | undefined;

  const opens = (node: string): boolean => {
    const linking = useLinking.getState();
    const fold = store.getState().projected.views.get(node)?.geometry.fold;
    if (linking.from?.side !== 'source' || !fold || fold.open) return false;
    return fold.names.some((port) => verdict(linking, { node, port }, 'target') === null);
  };
  const move = (event: MouseEvent | TouchEvent): void => {
    const node = nodeUnder(event);
    if (node === over) return;
    over = node;
    clearTimeout(timer);
    if (node !== null && opens(node)) timer = setTimeout(() => store.unfold(node), REST);
  };
  const listen = (how: 'addEventListener' | 'removeEventListener'): void => {
    document[how]('mousemove', move as EventListener);
    document[how]('touchmove', move as EventListener);
  };
  const end = (): void => {
    listen('removeEventListener');
    clearTimeout(timer);
    over = null;
    store.unfold(null);
  };
  const stop = useLinking.subscribe(({ from }, before) => {
    if (from && !before.from) listen('addEventListener');
    if (!from && before.from) end();
  });
  return () => {
    stop();
    end();
  };
}
