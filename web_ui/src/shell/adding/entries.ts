/** What the search for a node offers: all node types, the definitions of the document, notes and frames. */

import type { Catalogue } from '@/core/catalogue';
import { humanize } from '@/core/catalogue';
import type { WorkflowDocument } from '@/core/document';
import { GraphTypes } from '@/core/ports';
import type { Entry } from '@/core/search';
import { entriesOf } from '@/core/searchEntries';
import { fits, parseType, type Type } from '@/core/types';

export interface AddEntry extends Entry {
  kind: 'frame' | 'node' | 'note';
  packTitle: string;
}

const typesOf = (ports: readonly { type: Type }[]): string[] => ports.map((port) => port.type.text);

/** What can be added, in the words of the page; `others` are the node types in the other languages. */
export function addable(
  catalogue: Catalogue,
  document: WorkflowDocument,
  others: readonly Catalogue[],
  words: { note: string; frame: string; graphs: string; canvas: string },
): AddEntry[] {
  const entries: AddEntry[] = entriesOf(catalogue, others).map((entry) => ({
    ...entry,
    kind: 'node',
    packTitle: entry.category ?? entry.pack,
  }));
  for (const name of Object.keys(document.graphs ?? {})) {
    const id = `graph:${name}`;
    const probe = new GraphTypes(
      { ...document, nodes: { probe: { type: id } } },
      catalogue,
      '',
    ).portsOf('probe');
    entries.push({
      kind: 'node',
      id,
      pack: 'graph',
      packTitle: words.graphs,
      title: humanize(name),
      inputs: typesOf(probe.inputs),
      outputs: typesOf(probe.outputs),
    });
  }
  for (const kind of ['note', 'frame'] as const)
    entries.push({
      kind,
      id: kind,
      pack: 'canvas',
      packTitle: words.canvas,
      title: words[kind],
      titles: [kind],
      inputs: [],
      outputs: [],
    });
  return entries;
}

/** Whether an entry can go on from a dropped link. */
export const accepts =
  (link: { type: Type; side: 'source' | 'target' }) =>
  (entry: AddEntry): boolean =>
    link.side === 'source'
      ? entry.inputs.some((text) => fits(link.type, parseType(text)).how !== 'no')
      : entry.outputs.some((text) => fits(parseType(text), link.type).how !== 'no');
