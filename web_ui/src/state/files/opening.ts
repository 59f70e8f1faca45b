/** From files, examples and the library to open documents. */

import { ApiError } from '@/api/client';
import {
  getWorkflow,
  openTemplateFile,
  readAsset,
  type ReadDocument,
  type Template,
} from '@/api/workflows';
import { readDocument, readText, UnreadableWorkflow } from '@/core/migrate';
import { missingPacks } from '@/core/unknown';
import type { WorkflowDocument } from '@/core/document';
import type { DocumentStore } from '@/state/document';
import { say } from '@/state/notices';
import { activate, openDocument, useWorkspace } from '@/state/workspace';
import { offerDraft } from '@/state/drafts/closed';
import { bringForward } from './forward';
import { report } from './library';
import { raise, settle } from './matters';

/** Say why something is no workflow; true if that was it. */
const saidWhy = (error: unknown, name: string): boolean => {
  if (!(error instanceof UnreadableWorkflow)) return false;
  say({ kind: 'error', key: error.key, args: { name, ...error.args } });
  return true;
};

/** The document that a text is, or null after saying why it is none. */
export function documentIn(text: string, name: string): WorkflowDocument | null {
  try {
    return readText(text);
  } catch (error) {
    if (!saidWhy(error, name)) throw error;
    return null;
  }
}

/** Open a document that has no place in the library. It counts as saved until it is changed. */
export const openLoose = (document: WorkflowDocument, name: string): DocumentStore =>
  openDocument(document.name === undefined && name ? { ...document, name } : document);

/** Open the text of a file in a tab of its own; what it is not is said. */
export function openText(text: string, name: string): DocumentStore | null {
  const document = documentIn(text, name);
  return document && openLoose(document, name.replace(/\.json$/i, ''));
}

/** Open a workflow of the library, or go to the tab in which it is open. */
export async function openSaved(id: string, name = ''): Promise<DocumentStore | null> {
  const open = useWorkspace.getState().documents.find((one) => one.getState().origin?.id === id);
  if (open) {
    activate(open.getState().uid);
    return open;
  }
  try {
    const found = await getWorkflow(id);
    const origin = { id, version: found.version, name: found.name };
    const store = openDocument(readDocument(found.workflow), { origin });
    void offerDraft(store, found.changed);
    return store;
  } catch (error) {
    if (saidWhy(error, name)) return null;
    if (error instanceof ApiError && error.code === 'not-found')
      say({ kind: 'warning', key: 'files:failed.gone' });
    else report('open', error, { name });
    return null;
  }
}

/** Open an old version beside the latest: a document of its own. */
export async function openVersion(id: string, version: number, name: string): Promise<void> {
  try {
    const found = await getWorkflow(id, version);
    openDocument({ ...readDocument(found.workflow), name });
  } catch (error) {
    if (!saidWhy(error, name)) report('open', error, { name });
  }
}

/** Open what the server has read out of a file, and say which files it lacks. */
export function openRead(read: ReadDocument, name: string): DocumentStore | null {
  try {
    const store = openLoose(readDocument(read.workflow), name);
    if (read.missing.length)
      say({
        kind: 'warning',
        key: 'files:missingFiles',
        args: { count: read.missing.length, names: read.missing.slice(0, 4).join(', ') },
      });
    return store;
  } catch (error) {
    if (!saidWhy(error, name)) throw error;
    return null;
  }
}

export async function openTemplate({ id, title }: Pick<Template, 'id' | 'title'>): Promise<void> {
  try {
    const read = await openTemplateFile(id);
    // It is called what was pressed: the file has its name in English.
    openRead({ ...read, workflow: { ...read.workflow, name: title } }, title);
  } catch (error) {
    report('open', error, { name: title });
  }
}

/** What an uploaded file carries, or null if it carries no workflow. */
export async function workflowIn(asset: string): Promise<ReadDocument | null> {
  try {
    return await readAsset(asset);
  } catch (error) {
    if (error instanceof ApiError && error.code === 'no-workflow') return null;
    throw error;
  }
}

function tellMissing(store: DocumentStore, first: boolean): void {
  const { documents, catalogue } = useWorkspace.getState();
  if (!documents.includes(store)) return;
  const { document, uid } = store.getState();
  const packs = missingPacks(document, catalogue);
  if (!packs.length) settle(uid, 'missing');
  else if (first) raise(uid, { kind: 'missing', packs });
}

/** Tell of nodes whose packs are not there, for each document once the node types are known. */
export function watchMissing(): void {
  const told = new WeakMap<DocumentStore, object>();
  const look = (): void => {
    const { documents, catalogue } = useWorkspace.getState();
    if (!catalogue.types.size) return;
    for (const store of documents) {
      if (told.get(store) === catalogue) continue;
      const first = !told.has(store);
      told.set(store, catalogue);
      // What is brought forward may be of types that are here.
      if (first) void bringForward(store).then(() => tellMissing(store, true));
      else tellMissing(store, false);
    }
  };
  look();
  useWorkspace.subscribe(look);
}
