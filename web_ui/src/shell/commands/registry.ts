/**
 * Everything that a user can do, once: menus, palette, keys and tests go through this table.
 */

import type { DocumentStore } from '@/state/document';
import { activeDocument } from '@/state/workspace';

export interface Context {
  /** The document that is looked at. */
  store: DocumentStore;
}

export interface Doing {
  /** Also the key of its name in the texts: `commands:edit.undo`. */
  id: string;
  /** Where it stands in menus and in the palette. */
  group: 'file' | 'edit' | 'graph' | 'run' | 'view' | 'go' | 'help';
  /** Keys as `Ctrl+Shift+Z`; letters by where they are on the keyboard. Ctrl is ⌘ on a Mac. */
  keys?: readonly string[];
  /** Also while text is being typed; single letters never are. */
  inText?: boolean;
  when?(context: Context): boolean;
  run(context: Context): void | Promise<void>;
}

const doings = new Map<string, Doing>();

export function register(...added: readonly Doing[]): void {
  for (const one of added) doings.set(one.id, one);
}

export const allDoings = (): readonly Doing[] => [...doings.values()];

export const doing = (id: string): Doing | undefined => doings.get(id);

export const canDo = (one: Doing): boolean => {
  const store = activeDocument();
  return store !== undefined && (one.when?.({ store }) ?? true);
};

/** Do something by its id; false if it cannot be done now. */
export function perform(id: string): boolean {
  const one = doings.get(id);
  const store = activeDocument();
  if (!one || !store || !canDo(one)) return false;
  void one.run({ store });
  return true;
}
