/** The table of all commands: plain JSON in, a new document out. */

import type { WorkflowDocument } from '../document';
import * as extracting from './extract';
import * as interfaces from './interface';
import * as items from './items';
import * as links from './links';
import * as nodes from './nodes';
import * as pasting from './paste';
import * as subgraphs from './subgraphs';
import * as unpacking from './unpack';

export interface Batch {
  do: 'batch';
  /** What the user did, as a key of the texts; for the history's label. */
  label?: string;
  commands: Command[];
}

export type Command =
  | Batch
  | interfaces.Expose
  | interfaces.RenameInput
  | interfaces.RenameOutput
  | interfaces.Reorder
  | interfaces.SetInput
  | interfaces.SetInputSeed
  | interfaces.SetName
  | interfaces.SetOutput
  | interfaces.Unexpose
  | items.AddReroute
  | items.Move
  | items.PutIntoFrame
  | items.Remove
  | items.Resize
  | items.SetFrame
  | items.SetNote
  | links.Connect
  | links.Disconnect
  | links.ReorderLinks
  | nodes.AddNode
  | nodes.RenameNode
  | nodes.ReplaceNode
  | nodes.SetLayout
  | nodes.SetMode
  | nodes.SetPin
  | nodes.SetRepeat
  | nodes.SetValue
  | pasting.Paste
  | extracting.MakeSubgraph
  | subgraphs.OwnCopy
  | subgraphs.RemoveGraph
  | subgraphs.RenameGraph
  | unpacking.Unpack;

export type CommandName = Command['do'];

type Handlers = {
  [N in CommandName]: (
    document: WorkflowDocument,
    command: Extract<Command, { do: N }>,
  ) => WorkflowDocument;
};

const HANDLERS: Handlers = {
  batch: (document, command) => command.commands.reduce(apply, document),
  addNode: nodes.addNode,
  addReroute: items.addReroute,
  connect: links.connect,
  disconnect: links.disconnect,
  expose: interfaces.expose,
  makeSubgraph: extracting.makeSubgraph,
  move: items.move,
  ownCopy: subgraphs.ownCopy,
  paste: pasting.paste,
  putIntoFrame: items.putIntoFrame,
  remove: items.remove,
  removeGraph: subgraphs.removeGraph,
  renameGraph: subgraphs.renameGraph,
  renameInput: interfaces.renameInput,
  renameNode: nodes.renameNode,
  renameOutput: interfaces.renameOutput,
  reorder: interfaces.reorder,
  reorderLinks: links.reorderLinks,
  replaceNode: nodes.replaceNode,
  resize: items.resize,
  setFrame: items.setFrame,
  setInput: interfaces.setInput,
  setInputSeed: interfaces.setInputSeed,
  setLayout: nodes.setLayout,
  setMode: nodes.setMode,
  setName: interfaces.setName,
  setNote: items.setNote,
  setOutput: interfaces.setOutput,
  setPin: nodes.setPin,
  setRepeat: nodes.setRepeat,
  setValue: nodes.setValue,
  unexpose: interfaces.unexpose,
  unpack: unpacking.unpack,
};

/** The document after a command; the same one if it changes nothing. */
export function apply(document: WorkflowDocument, command: Command): WorkflowDocument {
  const handler = HANDLERS[command.do] as (
    document: WorkflowDocument,
    command: Command,
  ) => WorkflowDocument;
  return handler(document, command);
}

export { copyItems, pastedNames, readFragment, type Fragment } from './paste';
export { withMembers } from './items';
