/** The node types of the catalogue as the search takes them. */

import type { Catalogue } from './catalogue';
import type { Entry } from './search';

/**
 * An entry for each node type, named as in `catalogue`; `others` are the catalogue in the other
 * languages, whose names are found as well. The category of a node is its own heading, or the title
 * of its pack.
 */
export function entriesOf(catalogue: Catalogue, others: readonly Catalogue[] = []): Entry[] {
  return [...catalogue.types.values()].map((type) => {
    const titles = new Set(others.flatMap(({ types }) => types.get(type.id)?.title ?? []));
    titles.delete(type.title);
    return {
      id: type.id,
      pack: type.pack,
      category: type.group || (catalogue.packs.get(type.pack)?.title ?? type.pack),
      generated: type.generated,
      title: type.title,
      titles: [...titles],
      text: type.text,
      inputs: type.inputs.map((port) => port.type.text),
      outputs: type.outputs.map((port) => port.type.text),
    };
  });
}
