/** A result that is dragged from the gallery onto a node becomes the value of its input. */

import { ASSET_TYPE } from '@/panels/gallery/asset';
import { send, takersOf, type SentFile } from '@/panels/gallery/sending';
import { say } from '@/state/notices';
import type { DocumentStore } from '@/state/document';

const carries = (event: DragEvent): boolean =>
  event.dataTransfer?.types.includes(ASSET_TYPE) ?? false;

/** Watch a canvas for results that are let go on it; gives what ends that. */
export function watchReceiving(store: DocumentStore, element: HTMLElement): () => void {
  const over = (event: DragEvent): void => {
    if (!carries(event)) return;
    event.preventDefault();
    event.dataTransfer!.dropEffect = 'copy';
  };
  const drop = (event: DragEvent): void => {
    if (!carries(event)) return;
    event.preventDefault();
    event.stopPropagation();
    const target = event.target as Element;
    const id = target.closest<HTMLElement>('.react-flow__node')?.dataset['id'];
    const port = target.closest<HTMLElement>('.react-flow__handle.target')?.dataset['handleid'];
    const file = JSON.parse(event.dataTransfer!.getData(ASSET_TYPE)) as SentFile;
    const there = takersOf(store, file).filter((one) => one.node === id);
    const taker = there.find((one) => one.port === port) ?? there[0];
    if (taker) send(store, file, taker);
    else say({ kind: 'info', key: 'runs:gallery.notTaken' });
  };
  element.addEventListener('dragover', over);
  element.addEventListener('drop', drop);
  return () => {
    element.removeEventListener('dragover', over);
    element.removeEventListener('drop', drop);
  };
}
