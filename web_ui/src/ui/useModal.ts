import { useLayoutEffect, useRef, type RefObject } from 'react';

/**
 * Opens a dialog over the page, and gives the keyboard back to who had it when it goes.
 *
 * That is done before what comes in its place is there, which may want the keyboard for itself.
 */
export function useModal(): RefObject<HTMLDialogElement | null> {
  const dialog = useRef<HTMLDialogElement>(null);
  useLayoutEffect(() => {
    const element = dialog.current!;
    const before = document.activeElement;
    if (!element.open) element.showModal();
    // The browser would go to the first thing there is, which may be the button that closes.
    element.querySelector<HTMLElement>('[data-first]')?.focus();
    return () => {
      element.close();
      if (before instanceof HTMLElement) before.focus({ preventScroll: true });
    };
  }, []);
  return dialog;
}
