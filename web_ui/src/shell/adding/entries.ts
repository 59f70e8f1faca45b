/** What the search for a node offers: all node types, the definitions of the document, notes and frames. */

import type { Catalogue, NodeFacts } from '@/core/catalogue';
import { humanize } from '@/core/catalogue';
import type { WorkflowDocument } from '@/core/document';
import { GraphTypes } from '@/core/ports';
import { makeIndex, type Entry, type Index } from '@/core/search';
import { fits, parseType, type Type } from '@/core/types';

export interface AddEntry extends Entry {
  kind: 'frame' | 'node' | 'note';
  packTitle: string;
}

const typesOf = (ports: readonly { type: Type }[]): string[] => ports.map((port) => port.type.text);

/** The titles of node types in other languages than that of the page, by id. */
export type OtherTitles = ReadonlyMap<string, readonly string[]>;

export const otherTitles = (...catalogues: readonly (readonly NodeFacts[])[]): OtherTitles => {
  const found = new Map<string, string[]>();
  for (const facts of catalogues.flat())
    found.set(facts.id, [...(found.get(facts.id) ?? []), facts.title]);
  return found;
};

export function entriesOf(
  catalogue: Catalogue,
  document: WorkflowDocument,
  others: OtherTitles,
  words: { note: string; frame: string; graphs: string; canvas: string },
): AddEntry[] {
  const entries: AddEntry[] = [...catalogue.types.values()].map((type) => ({
    kind: 'node',
    id: type.id,
    pack: type.pack,
    packTitle: catalogue.packs.get(type.pack)?.title ?? type.pack,
    title: type.title,
    titles: others.get(type.id) ?? [],
    text: type.text,
    inputs: typesOf(type.inputs),
    outputs: typesOf(type.outputs),
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

export const indexOf = (entries: readonly AddEntry[]): Index<AddEntry> => makeIndex(entries);

/** Whether an entry can go on from a dropped link. */
export const accepts =
  (link: { type: Type; side: 'source' | 'target' }) =>
  (entry: AddEntry): boolean =>
    link.side === 'source'
      ? entry.inputs.some((text) => fits(link.type, parseType(text)).how !== 'no')
      : entry.outputs.some((text) => fits(parseType(text), link.type).how !== 'no');
