/** What a document was made with, written into it when it is saved. */

import type { Catalogue } from './catalogue';
import { definitionOf, graphOf, nodesOf, type WorkflowDocument } from './document';

/** The version of a pack that says none: a file of one's own. */
const NONE = '0';

/** The packs that the nodes of a document are from. */
export function packsOf(document: WorkflowDocument): string[] {
  const found = new Set<string>();
  for (const name of ['', ...Object.keys(document.graphs ?? {})])
    for (const { type } of Object.values(nodesOf(graphOf(document, name))))
      if (definitionOf(type) === null && type.includes('.'))
        found.add(type.slice(0, type.indexOf('.')));
  return [...found].sort();
}

/** The packs that are here in another version than the one that the document says. */
export const otherVersions = (document: WorkflowDocument, { packs }: Catalogue): string[] =>
  packsOf(document).filter((name) => {
    const said = document.packs?.[name];
    const here = packs.get(name)?.version;
    return said !== undefined && here !== undefined && said !== here;
  });

const sorted = <T>(held: Record<string, T>): Record<string, T> =>
  Object.fromEntries(Object.entries(held).sort(([a], [b]) => (a < b ? -1 : 1)));

/**
 * The document with versions and hashes of its packs. What it says of a pack that is not here, or
 * here in another version, stays: it is what it was made with.
 */
export function named(document: WorkflowDocument, catalogue: Catalogue): WorkflowDocument {
  const other = new Set(otherVersions(document, catalogue));
  const packs = { ...document.packs };
  const hashes = { ...document.lock?.packs };
  for (const name of packsOf(document)) {
    const pack = catalogue.packs.get(name);
    if (!pack?.lock || other.has(name)) continue;
    if (pack.version !== NONE) packs[name] = pack.version;
    hashes[name] = { ...pack.lock };
  }
  if (!Object.keys(hashes).length) return document;
  const lock = { ...document.lock, packs: sorted(hashes) };
  return { ...document, ...(Object.keys(packs).length && { packs: sorted(packs) }), lock };
}

/** The document as one that was made with the packs as they are here. */
export const madeHere = (document: WorkflowDocument, catalogue: Catalogue): WorkflowDocument => {
  const other = otherVersions(document, catalogue);
  const here = other.map((name) => [name, catalogue.packs.get(name)!.version]);
  return { ...document, packs: { ...document.packs, ...Object.fromEntries(here) } };
};
