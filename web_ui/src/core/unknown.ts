/** Nodes of types that are not installed: they stay as they are, and are told of. */

import type { Catalogue } from './catalogue';
import { definitionOf, graphOf, nodesOf, type WorkflowDocument } from './document';

export interface MissingPack {
  pack: string;
  /** The version that the document was made with, where it says so. */
  version: string | null;
  /** Where it came from, if that is an address. */
  index: string | null;
  /** Whether the pack is there and only lacks the types. */
  installed: boolean;
  types: string[];
  nodes: number;
}

/** The packs that a document needs and that are not there, or are without the types it needs. */
export function missingPacks(document: WorkflowDocument, catalogue: Catalogue): MissingPack[] {
  const found = new Map<string, MissingPack>();
  for (const name of ['', ...Object.keys(document.graphs ?? {})])
    for (const { type } of Object.values(nodesOf(graphOf(document, name)))) {
      if (definitionOf(type) !== null || catalogue.types.has(type)) continue;
      const pack = type.includes('.') ? type.slice(0, type.indexOf('.')) : type;
      const known = found.get(pack) ?? {
        pack,
        version: document.packs?.[pack] ?? null,
        index: document.lock?.packs?.[pack]?.index ?? null,
        installed: catalogue.packs.has(pack),
        types: [],
        nodes: 0,
      };
      found.set(pack, {
        ...known,
        types: known.types.includes(type) ? known.types : [...known.types, type],
        nodes: known.nodes + 1,
      });
    }
  return [...found.values()].sort((a, b) => (a.pack < b.pack ? -1 : 1));
}

/** What installs all packs that are missing when it is typed into a terminal; empty if none is. */
export function installCommand(packs: readonly MissingPack[]): string {
  const gone = packs.filter((one) => !one.installed);
  if (!gone.length) return '';
  const indexes = new Set(gone.map((one) => one.index ?? ''));
  const index = indexes.size === 1 ? [...indexes][0] : '';
  const names = gone.map((one) => (one.version ? `${one.pack}==${one.version}` : one.pack));
  return `musegraph pack install ${names.join(' ')} --index ${index || 'INDEX'}`;
}
