/** A draft: all that an open document is, as it is kept in the browser. */

import type { Entry, History } from '@/core/history';
import { readDocument } from '@/core/migrate';
import { nodesOf, type WorkflowDocument } from '@/core/document';
import {
  isUnsaved,
  type DocumentState,
  type Kept,
  type Origin,
  type Viewport,
} from '@/state/document';

/** Which server the drafts are of; a browser may speak to several. */
export type WorkspaceName = string;

export interface Draft {
  format: 1;
  /** `workspace tab uid`: never one place for two documents or two tabs of the browser. */
  key: string;
  workspace: WorkspaceName;
  tab: string;
  uid: string;
  /** Its id in the library. */
  file: string | null;
  /** Milliseconds since 1970: when it was written, and when its tab was closed. */
  time: number;
  closed: number | null;
  unsaved: boolean;
  name: string;
  origin: Origin | null;
  // What is one object here is one object after reading: a draft is written as one value.
  document: WorkflowDocument;
  saved: WorkflowDocument | null;
  past: readonly Entry[];
  future: readonly Entry[];
  stack: readonly string[];
  viewports: Readonly<Record<string, Viewport>>;
}

/** Which documents a tab of the browser has open, in order. */
export interface Session {
  key: string;
  workspace: WorkspaceName;
  tab: string;
  open: readonly string[];
  active: string;
  time: number;
}

export const keyOf = (workspace: WorkspaceName, tab: string, uid = ''): string =>
  `${workspace} ${tab} ${uid}`.trimEnd();

/** Nodes that the entries of a history may have together before the oldest are left out of a draft. */
const BUDGET = 40_000;

const kept = (
  { past, future }: History,
  document: WorkflowDocument,
): Pick<Draft, 'past' | 'future'> => {
  const count = Math.min(100, Math.floor(BUDGET / (Object.keys(nodesOf(document)).length + 1)));
  return { past: count ? past.slice(-count) : [], future: future.slice(0, count) };
};

export const draftOf = (
  state: DocumentState,
  place: { workspace: WorkspaceName; tab: string; time: number; closed?: number },
): Draft => ({
  format: 1,
  key: keyOf(place.workspace, place.tab, state.uid),
  workspace: place.workspace,
  tab: place.tab,
  uid: state.uid,
  file: state.origin?.id ?? null,
  time: place.time,
  closed: place.closed ?? null,
  unsaved: isUnsaved(state),
  name: state.origin?.name ?? state.document.name ?? '',
  origin: state.origin,
  document: state.document,
  saved: state.saved,
  ...kept(state.history, state.document),
  stack: state.stack,
  viewports: state.viewports,
});

export interface Restored {
  uid: string;
  document: WorkflowDocument;
  saved: WorkflowDocument | null;
  origin: Origin | null;
  kept: Kept;
}

/** What a draft holds; throws if it is none that this version can read. */
export function readDraft(draft: Draft): Restored {
  if (draft.format !== 1) throw new Error(`format ${String(draft.format)}`);
  const document = readDocument(draft.document);
  const saved =
    draft.saved === draft.document ? document : draft.saved && readDocument(draft.saved);
  // A history of documents in an older format would bring them back.
  const same = document === draft.document;
  const history = same ? { past: draft.past, future: draft.future } : { past: [], future: [] };
  for (const entry of [...history.past, ...history.future]) {
    readDocument(entry.before);
    readDocument(entry.after);
  }
  const origin = draft.origin && {
    id: String(draft.origin.id),
    version: Number(draft.origin.version),
    name: String(draft.origin.name),
  };
  return {
    uid: draft.uid,
    document,
    saved,
    origin,
    kept: { history, stack: [...draft.stack], viewports: { ...draft.viewports } },
  };
}
