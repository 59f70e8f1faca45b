/** Giving the keyboard to a node: where one goes by keys, the page follows. */

/** Frames in which a node that comes into view is mounted. */
const PATIENCE = 40;

export function focusNode(id: string, patience = PATIENCE): void {
  const found = document.querySelector<HTMLElement>(
    `.react-flow__node[data-id="${CSS.escape(id)}"]`,
  );
  if (found) found.focus({ preventScroll: true });
  else if (patience > 0) requestAnimationFrame(() => focusNode(id, patience - 1));
}
