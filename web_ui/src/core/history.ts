/**
 * Undo and redo. An entry is two pointers: documents share what did not change, so hundreds of
 * entries of a large graph are cheap, and undo gives back the very document that was there.
 */

import type { Command } from './commands';
import type { WorkflowDocument } from './document';

export interface Entry {
  /** What was done, as a key of the texts (`history.*`). */
  label: string;
  before: WorkflowDocument;
  after: WorkflowDocument;
  /** Which entries are one: typing in one field, nudging one selection. Null never joins. */
  group: string | null;
  time: number;
}

export interface History {
  past: readonly Entry[];
  future: readonly Entry[];
}

export const EMPTY_HISTORY: History = { past: [], future: [] };

export const LIMIT = 500;

/** Milliseconds of rest after which a group is closed. */
export const REST = 1000;

/** The history after something was done. */
export const record = (history: History, entry: Entry): History => {
  const last = history.past.at(-1);
  const joins =
    last !== undefined &&
    entry.group !== null &&
    last.group === entry.group &&
    entry.time - last.time <= REST &&
    history.future.length === 0;
  if (joins) {
    const joined = { ...last, after: entry.after, time: entry.time };
    return { past: [...history.past.slice(0, -1), joined], future: [] };
  }
  return { past: [...history.past.slice(-LIMIT + 1), entry], future: [] };
};

/** Close the group of the last entry: what comes is an entry of its own. */
export const seal = (history: History): History => {
  const last = history.past.at(-1);
  if (!last || last.group === null) return history;
  return { ...history, past: [...history.past.slice(0, -1), { ...last, group: null }] };
};

export const undo = (history: History): [History, WorkflowDocument] | null => {
  const last = history.past.at(-1);
  if (!last) return null;
  return [{ past: history.past.slice(0, -1), future: [last, ...history.future] }, last.before];
};

export const redo = (history: History): [History, WorkflowDocument] | null => {
  const [next, ...future] = history.future;
  if (!next) return null;
  return [{ past: [...history.past, { ...next, group: null }], future }, next.after];
};

/** Which entries a command's entry joins. Everything that is not in this table stands alone. */
export const groupOf = (command: Command): string | null => {
  switch (command.do) {
    case 'setValue':
      return `value ${command.graph} ${command.node}.${command.port}`;
    case 'setInput':
      return `input ${command.graph} ${command.name} ${Object.keys(command.input).join()}`;
    case 'setNote':
      return 'text' in command.note && !('x' in command.note)
        ? `note ${command.graph} ${command.id}`
        : null;
    case 'setName':
      return 'name';
    case 'setLayout':
      return 'title' in command.layout || 'note' in command.layout
        ? `layout ${command.graph} ${command.node} ${Object.keys(command.layout).join()}`
        : null;
    default:
      return null;
  }
};

/** What a command is called in the history. */
export const labelOf = (command: Command): string =>
  command.do === 'batch'
    ? (command.label ?? (command.commands[0] ? labelOf(command.commands[0]) : 'batch'))
    : command.do;
