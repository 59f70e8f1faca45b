/** Places for the nodes of a document that have none, as of one that was written by hand. */

import type { Catalogue } from './catalogue';
import {
  canvasOf,
  edgesOf,
  graphOf,
  nodesOf,
  withGraph,
  type NodeLayout,
  type WorkflowDocument,
} from './document';
import { bounds } from './geometry';
import { layoutGraph } from './layout';
import { project } from './project';

/** The document with a place for every node, in every graph; the same one if all have theirs. */
export const arranged = (document: WorkflowDocument, catalogue: Catalogue): WorkflowDocument =>
  ['', ...Object.keys(document.graphs ?? {})].reduce(
    (made, graph) => arrangedGraph(made, catalogue, graph),
    document,
  );

const arrangedGraph = (
  document: WorkflowDocument,
  catalogue: Catalogue,
  name: string,
): WorkflowDocument => {
  const graph = graphOf(document, name);
  const known = canvasOf(graph).nodes ?? {};
  const lost = new Set(Object.keys(nodesOf(graph)).filter((id) => !Object.hasOwn(known, id)));
  if (!lost.size) return document;
  const { views } = project(document, catalogue, name);
  const size = (id: string) => views.get(id)!.geometry;
  const nodes = [...lost].map((id) => ({ id, width: size(id).width, height: size(id).height }));
  const edges = edgesOf(graph).filter((edge) => lost.has(edge.source) && lost.has(edge.target));
  const places = layoutGraph({ nodes, edges });
  // What has a place stays there; the rest comes below it.
  const taken = bounds(
    Object.entries(known)
      .filter(([id]) => views.has(id))
      .map(([id, layout]) => ({ ...layout, width: size(id).width, height: size(id).height })),
  );
  const down = taken ? taken.y + taken.height + 64 : 0;
  const layouts = Object.fromEntries(
    [...places].map(([id, at]): [string, NodeLayout] => [
      id,
      { x: at.x + (taken?.x ?? 0), y: at.y + down },
    ]),
  );
  return withGraph(document, name, (now) => ({
    ...now,
    canvas: { ...canvasOf(now), nodes: { ...known, ...layouts } },
  }));
};
