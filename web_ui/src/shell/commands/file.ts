/** Documents: new, open, save, close, and going from one tab to another. */

import { emptyDocument } from '@/core/document';
import { loadTemplates, report } from '@/state/files/library';
import { save } from '@/state/files/saving';
import { freeName, nameOf } from '@/state/files/title';
import { activate, moveDocument, newDocument, openDocument, useWorkspace } from '@/state/workspace';
import { isUnsaved, type DocumentStore } from '@/state/document';
import { t } from '@/i18n';
import { takeFilesHere } from '../dropping';
import { closeTab } from '../files/closing';
import {
  openFileDialog,
  useLibrarySection,
  useRenaming,
  type LibrarySection,
} from '../files/dialogs';
import { downloadWorkflow } from '../files/download';
import { register, type Doing } from './registry';

const showLibrary = (section: LibrarySection): void => {
  useLibrarySection.setState(({ asked }) => ({ section, asked: asked + 1 }));
  useWorkspace.setState({ left: 'library' });
  if (section === 'templates') loadTemplates().catch((error) => report('list', error));
};

/** Save where the document has its place; ask for a name where it has none, or may not. */
export const saveOrAsk = (store: DocumentStore): void => {
  const state = store.getState();
  if (!state.origin || state.readOnly) openFileDialog({ kind: 'saveAs', store });
  else if (isUnsaved(state)) void save(store);
};

/** The same in a tab of its own, without a place in the library. */
export const openCopy = (store: DocumentStore): DocumentStore => {
  const { document, viewports } = store.getState();
  const names = useWorkspace.getState().documents.map((one) => nameOf(one.getState()));
  const name = freeName(nameOf(store.getState()) || t('files:untitled'), names);
  return openDocument({ ...document, name }, { saved: emptyDocument(), kept: { viewports } });
};

const chooseFiles = (store: DocumentStore): void => {
  const input = document.createElement('input');
  input.type = 'file';
  input.multiple = true;
  input.onchange = () => void takeFilesHere(store, [...(input.files ?? [])]);
  input.click();
};

const go =
  (by: 1 | -1) =>
  ({ store }: { store: DocumentStore }): void => {
    const { documents } = useWorkspace.getState();
    const next = documents[(documents.indexOf(store) + by + documents.length) % documents.length];
    if (next) activate(next.getState().uid);
  };

const move =
  (by: 1 | -1) =>
  ({ store }: { store: DocumentStore }): void =>
    moveDocument(store.getState().uid, useWorkspace.getState().documents.indexOf(store) + by);

const several = (): boolean => useWorkspace.getState().documents.length > 1;

register(
  // Browsers keep Ctrl+N, Ctrl+W and Ctrl+Tab for themselves unless the page is an app of its own.
  { id: 'file.new', group: 'file', keys: ['Ctrl+N', 'Alt+N'], run: () => void newDocument() },
  {
    id: 'file.open',
    group: 'file',
    keys: ['Ctrl+O'],
    inText: true,
    run: () => showLibrary('workflows'),
  },
  { id: 'file.templates', group: 'file', run: () => showLibrary('templates') },
  {
    id: 'file.save',
    group: 'file',
    keys: ['Ctrl+S'],
    inText: true,
    run: ({ store }) => saveOrAsk(store),
  },
  {
    id: 'file.saveAs',
    group: 'file',
    keys: ['Ctrl+Shift+S'],
    inText: true,
    run: ({ store }) => openFileDialog({ kind: 'saveAs', store }),
  },
  {
    id: 'file.rename',
    group: 'file',
    when: ({ store }) => !store.getState().readOnly,
    run: ({ store }) => useRenaming.setState({ uid: store.getState().uid }),
  },
  { id: 'file.duplicate', group: 'file', run: ({ store }) => void openCopy(store) },
  { id: 'file.import', group: 'file', run: ({ store }) => chooseFiles(store) },
  { id: 'file.export', group: 'file', run: ({ store }) => downloadWorkflow(store) },
  {
    id: 'file.close',
    group: 'file',
    keys: ['Ctrl+W', 'Alt+W'],
    run: ({ store }) => closeTab(store),
  },
  {
    id: 'go.nextTab',
    group: 'go',
    keys: ['Ctrl+Tab', 'Alt+PageDown'],
    inText: true,
    when: several,
    run: go(1),
  },
  {
    id: 'go.previousTab',
    group: 'go',
    keys: ['Ctrl+Shift+Tab', 'Alt+PageUp'],
    inText: true,
    when: several,
    run: go(-1),
  },
  {
    id: 'file.moveRight',
    group: 'file',
    keys: ['Alt+Shift+PageDown'],
    when: several,
    run: move(1),
  },
  { id: 'file.moveLeft', group: 'file', keys: ['Alt+Shift+PageUp'], when: several, run: move(-1) },
  ...Array.from({ length: 9 }, (_, at): Doing => ({
    id: `go.tab${at + 1}`,
    group: 'go',
    keys: [`Ctrl+${at + 1}`],
    inText: true,
    when: () => useWorkspace.getState().documents.length > Math.max(at, 1),
    run: () => activate(useWorkspace.getState().documents[at]!.getState().uid),
  })),
);
