/** Where the pointer is over the canvas: what is pasted or added comes there. */

import type { ReactFlowInstance } from '@xyflow/react';
import type { AnyNode, LinkEdge } from '@/canvas/flow';
import type { DocumentStore } from '@/state/document';

type Instance = ReactFlowInstance<AnyNode, LinkEdge>;

const flows = new WeakMap<DocumentStore, { instance: Instance; element: HTMLElement }>();
let last: { x: number; y: number } | null = null;

export const setFlow = (store: DocumentStore, instance: Instance, element: HTMLElement): void => {
  flows.set(store, { instance, element });
};

/** The React Flow of a document that is shown. */
export const flowOf = (store: DocumentStore): Instance | undefined => flows.get(store)?.instance;

export const notePointer = (event: PointerEvent): void => {
  last = { x: event.clientX, y: event.clientY };
};

/** The middle of the canvas, on the screen. */
export const middle = (store: DocumentStore): { x: number; y: number } => {
  const box = flows.get(store)?.element.getBoundingClientRect();
  return box ? { x: box.x + box.width / 2, y: box.y + box.height / 3 } : { x: 0, y: 0 };
};

/** Where on the screen the pointer is, if it is over the canvas; else the middle. */
export const pointerOnScreen = (store: DocumentStore): { x: number; y: number } => {
  const box = flows.get(store)?.element.getBoundingClientRect();
  const over =
    last &&
    box &&
    last.x >= box.left &&
    last.x <= box.right &&
    last.y >= box.top &&
    last.y <= box.bottom;
  return over ? last! : middle(store);
};

/** The same in the canvas' own measure. */
export const pointer = (store: DocumentStore): { x: number; y: number } | null =>
  flowOf(store)?.screenToFlowPosition(pointerOnScreen(store)) ?? null;
