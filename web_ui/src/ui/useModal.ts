import { useEffect, useRef, type RefObject } from 'react';

/**
 * Opens a dialog over the page, and gives the keyboard back to who had it when it goes, unless
 * what came in its place has it by then.
 */
export function useModal(): RefObject<HTMLDialogElement | null> {
  const dialog = useRef<HTMLDialogElement>(null);
  useEffect(() => {
    const element = dialog.current!;
    const before = document.activeElement;
    if (!element.open) element.showModal();
    // The browser would go to the first thing there is, which may be the button that closes.
    element.querySelector<HTMLElement>('[data-first]')?.focus();
    return () => {
      element.close();
      const taken = document.activeElement !== document.body && document.activeElement !== null;
      if (before instanceof HTMLElement && !taken) before.focus({ preventScroll: true });
    };
  }, []);
  return dialog;
}
