/** From a result to an input of the workflow that is open. */

import { acceptedFiles, fieldKind, takesFile } from '@/core/fields';
import type { Json } from '@/core/document';
import { nodeTitle } from '@/node/title';
import { shownGraph, type DocumentStore } from '@/state/document';

/** A file that the server keeps, as it stands at an input. */
export interface SentFile {
  asset: string;
  name: string;
  media: string;
}

export interface Taker {
  node: string;
  port: string;
  /** Name of the workflow's input that sets it, if one does. */
  input: string | null;
  label: string;
}

const takes = (accepted: string, file: { media: string; name: string }): boolean =>
  accepted === '' ||
  accepted
    .split(',')
    .some((one) =>
      one.startsWith('.')
        ? file.name.toLowerCase().endsWith(one)
        : file.media.startsWith(one.replace('*', '')),
    );

/** The inputs of the shown graph that take a file as this one, and are not linked. */
export const takersOf = (store: DocumentStore, file: SentFile | null): Taker[] => {
  const { projected, catalogue } = store.getState();
  if (!file) return [];
  const found: Taker[] = [];
  for (const view of projected.views.values())
    for (const port of view.ports.inputs) {
      if (fieldKind(port, true) !== 'file' || !takesFile(port.type)) continue;
      if (view.node.links && Object.hasOwn(view.node.links, port.name)) continue;
      if (!takes(acceptedFiles(port.type), file)) continue;
      const bound = view.bound[port.name];
      found.push({
        node: view.id,
        port: port.name,
        input: bound?.name ?? null,
        label: bound
          ? (bound.input.label ?? bound.name)
          : `${nodeTitle(view, catalogue)} · ${port.label}`,
      });
    }
  return found;
};

/** Put a result at an input. */
export const send = (store: DocumentStore, file: SentFile, to: Taker): void => {
  const { asset, name, media } = file;
  const value: Json = { asset, name, media };
  const graph = shownGraph(store.getState());
  store.run(
    to.input === null
      ? { do: 'setValue', graph, node: to.node, port: to.port, value }
      : { do: 'setInput', graph, name: to.input, input: { default: value } },
  );
};
