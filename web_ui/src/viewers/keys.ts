/** Keys in a viewer: what is shown hears them first, then the window around it. */

import { createContext, useContext, useEffect, useRef } from 'react';
import { isText } from '@/shell/commands/keys';

/** Says whether it has taken the key. */
export type KeyHandler = (event: KeyboardEvent) => boolean;

export const Keys = createContext<Set<KeyHandler>>(new Set());

/** Hear keys as long as this is shown; what was shown last is asked first. */
export function useKeys(handler: KeyHandler): void {
  const handlers = useContext(Keys);
  const latest = useRef(handler);
  useEffect(() => {
    latest.current = handler;
  });
  useEffect(() => {
    const hear: KeyHandler = (event) => latest.current(event);
    handlers.add(hear);
    return () => void handlers.delete(hear);
  }, [handlers]);
}

const MOVES = /^(?:Arrow|Home$|End$|Page)/;

/** Whether a key belongs to the control that has the focus. */
export function isControls(event: KeyboardEvent): boolean {
  const target = event.target as HTMLElement | null;
  if (event.isComposing || event.defaultPrevented) return true;
  if (isText(target)) return event.key !== 'Escape';
  if (event.ctrlKey || event.metaKey || event.altKey) return false;
  if (MOVES.test(event.key))
    return !!target?.closest?.(
      'input[type="range"], input[type="radio"], [role="slider"], [role="tree"]',
    );
  return (event.key === ' ' || event.key === 'Enter') && !!target?.closest?.('button, a, summary');
}

export function tellKeys(handlers: ReadonlySet<KeyHandler>, event: KeyboardEvent): boolean {
  for (const handler of [...handlers].reverse()) if (handler(event)) return true;
  return false;
}
