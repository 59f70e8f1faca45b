/** Arrow keys on a node are the page's: React Flow would take them for moves of its own. */

import { onKeyDown } from '@/shell/commands/keys';

/** Watch a canvas for arrow keys; gives what ends that. */
export function watchArrows(element: HTMLElement): () => void {
  const down = (event: KeyboardEvent): void => {
    const at = event.target as Element;
    if (!event.key.startsWith('Arrow') || !at.matches('.react-flow__node')) return;
    onKeyDown(event);
    event.stopPropagation();
  };
  element.addEventListener('keydown', down, { capture: true });
  return () => element.removeEventListener('keydown', down, { capture: true });
}
