/** One open document: what it is, what was done to it, and how it is looked at. */

import { createStore, type StoreApi } from 'zustand/vanilla';
import { arranged } from '@/core/arrange';
import { EMPTY_CATALOGUE, type Catalogue } from '@/core/catalogue';
import { apply, type Command } from '@/core/commands';
import { definitionOf, graphOf, nodesOf, type WorkflowDocument } from '@/core/document';
import * as histories from '@/core/history';
import { project, type Projected } from '@/core/project';
import { newId } from './tabs/own';

export interface Viewport {
  x: number;
  y: number;
  zoom: number;
}

/** Where a document was read from and is saved to. */
export interface Origin {
  /** Id in the library of the server. */
  id: string;
  version: number;
  name: string;
}

export interface DocumentState {
  readonly uid: string;
  document: WorkflowDocument;
  history: histories.History;
  /** The document as it was saved or opened; the same object again means that nothing is unsaved. */
  saved: WorkflowDocument | null;
  origin: Origin | null;
  readOnly: boolean;
  /** The nodes that were entered, from the workflow down; their definitions are shown. */
  stack: readonly string[];
  selection: ReadonlySet<string>;
  selectedLinks: ReadonlySet<string>;
  viewports: Readonly<Record<string, Viewport>>;
  /** Places of what is being dragged, until it is let go. */
  dragged: ReadonlyMap<string, { x: number; y: number }>;
  /** The node whose fold stands open for a moment, though the document says nothing of it. */
  opened: string | null;
  projected: Projected;
  catalogue: Catalogue;
}

/** What of a document comes back with a draft. */
export type Kept = Pick<DocumentState, 'history' | 'stack' | 'viewports'>;

export type DocumentStore = StoreApi<DocumentState> & DocumentActions;

export interface DocumentActions {
  /** Do something to the document. Commands with the same `group` in quick succession are one entry. */
  run(command: Command, options?: { group?: string | null }): void;
  undo(): void;
  redo(): void;
  /** Go back or forward to where the entry of this place in `past` was the last. */
  travel(place: number): void;
  seal(): void;
  /** Open the fold of a node for a moment, or of none: no change of the document. */
  unfold(node: string | null): void;
  select(items: Iterable<string>, links?: Iterable<string>): void;
  enter(node: string): void;
  leave(depth?: number): void;
  /** The node types that there are have become known, or others. */
  know(catalogue: Catalogue): void;
  /** Note that a document has been saved: the one as it is now, or as it was when it was sent. */
  noteSaved(origin: Origin | null, saved?: WorkflowDocument | null): void;
  /** Put another document in the place of this one, as one entry of the history. */
  replace(document: WorkflowDocument, label: string): void;
}

const NOTHING: ReadonlySet<string> = new Set();

/** The definition that a stack of entered nodes leads to; `""` is the workflow. */
export const graphAt = (document: WorkflowDocument, stack: readonly string[]): string => {
  let graph = '';
  for (const id of stack) {
    const node = nodesOf(graphOf(document, graph))[id];
    const name = node ? definitionOf(node.type) : null;
    if (name === null) return graph;
    graph = name;
  }
  return graph;
};

export const shownGraph = (state: Pick<DocumentState, 'document' | 'stack'>): string =>
  graphAt(state.document, state.stack);

/** The address of a node of the shown graph in a run: `finish/blur`. */
export const pathOf = (state: Pick<DocumentState, 'stack'>, id: string): string =>
  [...state.stack, id].join('/');

export const isUnsaved = (state: DocumentState): boolean => state.document !== state.saved;

let clock = () => Date.now();

/** For tests: what time it is. */
export const setClock = (now: () => number): void => {
  clock = now;
};

export function createDocument(
  opened: WorkflowDocument,
  options: {
    uid?: string;
    origin?: Origin | null;
    saved?: WorkflowDocument | null;
    catalogue?: Catalogue;
    kept?: Partial<Kept>;
  } = {},
): DocumentStore {
  const catalogue = options.catalogue ?? EMPTY_CATALOGUE;
  const document = withPlaces(opened, catalogue);
  const saved = options.saved === undefined || options.saved === opened ? document : options.saved;
  const store = createStore<DocumentState>(() => ({
    uid: options.uid ?? newId(),
    document,
    history: histories.EMPTY_HISTORY,
    saved,
    origin: options.origin ?? null,
    readOnly: false,
    stack: [],
    selection: NOTHING,
    selectedLinks: NOTHING,
    viewports: {},
    dragged: new Map(),
    opened: null,
    projected: project(document, catalogue, ''),
    catalogue,
  }));
  if (options.kept) store.setState(shown(store.getState(), options.kept));
  return Object.assign(store, actions(store));
}

/** The document with a place for every node, once it is known how large they are. It is no change of the user's. */
const withPlaces = (document: WorkflowDocument, catalogue: Catalogue): WorkflowDocument =>
  catalogue.types.size ? arranged(document, catalogue) : document;

/** The state that a document leads to: what is gone is no longer selected or entered. */
const shown = (state: DocumentState, changes: Partial<DocumentState>): Partial<DocumentState> => {
  const next = { ...state, ...changes };
  const stack = soundStack(next.document, next.stack);
  const graph = graphAt(next.document, stack);
  const before = graph === shownGraph(state) ? state.projected : undefined;
  const projected = project(next.document, next.catalogue, graph, before, next.opened);
  const there = (item: string): boolean =>
    projected.views.has(item) ||
    Object.hasOwn(projected.frames, item.replace('frame:', '')) ||
    Object.hasOwn(projected.notes, item.replace('note:', '')) ||
    Object.hasOwn(projected.reroutes, item.replace('reroute:', ''));
  const links = new Set(projected.segments.map((segment) => segment.id));
  return {
    ...changes,
    stack,
    projected,
    selection: narrowed(next.selection, there),
    selectedLinks: narrowed(next.selectedLinks, (id) => links.has(id)),
  };
};

const narrowed = (
  items: ReadonlySet<string>,
  keep: (item: string) => boolean,
): ReadonlySet<string> => ([...items].every(keep) ? items : new Set([...items].filter(keep)));

const soundStack = (document: WorkflowDocument, stack: readonly string[]): readonly string[] => {
  let graph = '';
  for (const [depth, id] of stack.entries()) {
    const node = nodesOf(graphOf(document, graph))[id];
    const name = node ? definitionOf(node.type) : null;
    if (name === null || !document.graphs || !Object.hasOwn(document.graphs, name))
      return stack.slice(0, depth);
    graph = name;
  }
  return stack;
};

function actions(store: StoreApi<DocumentState>): DocumentActions {
  const { getState, setState } = store;
  const become = (changes: Partial<DocumentState>): void => setState(shown(getState(), changes));
  const act = (after: WorkflowDocument, label: string, group: string | null): void => {
    const { document, history, readOnly } = getState();
    if (after === document || readOnly) return;
    const entry = { label, before: document, after, group, time: clock() };
    become({ document: after, history: histories.record(history, entry) });
  };
  return {
    run(command, options = {}) {
      const group = options.group === undefined ? histories.groupOf(command) : options.group;
      act(apply(getState().document, command), histories.labelOf(command), group);
    },
    replace: (document, label) => act(document, label, null),
    know(catalogue) {
      const { document, saved } = getState();
      const placed = withPlaces(document, catalogue);
      become({ catalogue, document: placed, saved: saved === document ? placed : saved });
    },
    noteSaved: (origin, saved = getState().document) => setState({ saved, origin }),
    undo() {
      const made = getState().readOnly ? null : histories.undo(getState().history);
      if (made) become({ history: made[0], document: made[1] });
    },
    redo() {
      const made = getState().readOnly ? null : histories.redo(getState().history);
      if (made) become({ history: made[0], document: made[1] });
    },
    travel(place) {
      if (getState().readOnly) return;
      let { history, document } = getState();
      while (history.past.length !== place + 1) {
        const made =
          history.past.length > place + 1 ? histories.undo(history) : histories.redo(history);
        if (!made) break;
        [history, document] = made;
      }
      become({ history, document });
    },
    seal: () => setState(({ history }) => ({ history: histories.seal(history) })),
    unfold(node) {
      if (node !== getState().opened) become({ opened: node });
    },
    select: (items, links = []) =>
      setState({ selection: new Set(items), selectedLinks: new Set(links) }),
    enter: (node) =>
      become({ stack: [...getState().stack, node], selection: NOTHING, selectedLinks: NOTHING }),
    leave: (depth) => {
      const { stack } = getState();
      const left = stack.slice(0, depth ?? Math.max(0, stack.length - 1));
      become({
        stack: left,
        selection: stack.length > left.length ? new Set([stack[left.length]!]) : NOTHING,
        selectedLinks: NOTHING,
      });
    },
  };
}
