/** One place where keys are heard. */

import { useSettings } from '@/state/settings';
import { allDoings, canDo, perform, type Doing } from './registry';

const MAC = /Mac|iP(hone|ad|od)/.test(navigator.platform);

/** The keys of something that can be done: the user's own, or ours. */
export const keysOf = (one: Doing): readonly string[] => {
  const own = useSettings.getState().keys[one.id];
  return own === undefined ? (one.keys ?? []) : own === '' ? [] : [own];
};

const NAMED: Record<string, string> = { ' ': 'Space', Esc: 'Escape' };

/** A key press as it is written in the table: letters and digits by their place on the keyboard. */
export const chordOf = (event: KeyboardEvent): string => {
  const place = /^(?:Key|Digit)(.)$/.exec(event.code)?.[1];
  const key =
    place ?? NAMED[event.key] ?? (event.key.length === 1 ? event.key.toUpperCase() : event.key);
  const shift = event.shiftKey && (place !== undefined || event.key.length > 1);
  return [
    event.ctrlKey || (MAC && event.metaKey) ? 'Ctrl' : '',
    event.altKey ? 'Alt' : '',
    shift ? 'Shift' : '',
    key,
  ]
    .filter(Boolean)
    .join('+');
};

/** Whether keys typed here are text. */
export const isText = (target: EventTarget | null): boolean => {
  const element = target as HTMLElement | null;
  if (!element?.closest) return false;
  if (element.isContentEditable) return true;
  if (element.tagName === 'TEXTAREA' || element.tagName === 'SELECT') return true;
  return (
    element.tagName === 'INPUT' &&
    !/^(?:button|checkbox|color|file|radio|range|submit)$/.test((element as HTMLInputElement).type)
  );
};

/**
 * Keys that belong to an input method are for it alone: nothing that is sent by Enter or closed by
 * Escape hears them. Safari says by the old number only that Enter ended a composition.
 */
export function keepComposing(event: KeyboardEvent): void {
  if (!event.isComposing && event.keyCode !== 229) return;
  event.stopPropagation();
  if (event.key === 'Enter') event.preventDefault(); // or the form around would be sent
}

export function onKeyDown(event: KeyboardEvent): void {
  if (event.isComposing || event.defaultPrevented) return;
  if (document.querySelector('dialog[open]')) return;
  const chord = chordOf(event);
  const text = isText(event.target);
  // A focused button or link keeps the keys that work it.
  const pressed =
    (chord === 'Enter' || chord === 'Space') &&
    (event.target as Element).closest?.('button, a, [role="button"], [role="menuitem"]');
  if (pressed) return;
  const found = allDoings().find(
    (one) => keysOf(one).includes(chord) && (!text || one.inText) && canDo(one),
  );
  if (!found) return;
  event.preventDefault();
  perform(found.id);
}

const ARROWS = { Up: '↑', Down: '↓', Left: '←', Right: '→' };

/** Keys as a user reads them: as they are printed on the keys. */
export const showKeys = (chord: string): string => {
  const shown = chord.replace(/Arrow(\w+)/, (_, to: keyof typeof ARROWS) => ARROWS[to]);
  return MAC
    ? shown.replace('Ctrl', '⌘').replace('Alt', '⌥').replace('Shift', '⇧').replaceAll('+', '')
    : shown;
};
