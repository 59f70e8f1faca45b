/**
 * Places for the nodes of a document that have none, as of one that was written by hand, and bends
 * for those of its links that would pass behind nodes.
 */

import type { Catalogue } from './catalogue';
import {
  canvasOf,
  edgesOf,
  graphOf,
  joinPort,
  nodesOf,
  routeName,
  withGraph,
  type Edge,
  type NodeLayout,
  type WorkflowDocument,
} from './document';
import { detours, freshBends, moved, type Ends } from './detours';
import { bounds, type NodeGeometry } from './geometry';
import { layoutGraph, type Point } from './layout';
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
  const { places, lanes } = layoutGraph({ nodes, edges });
  // What has a place stays there; the rest comes below it.
  const taken = bounds(
    Object.entries(known)
      .filter(([id]) => views.has(id))
      .map(([id, layout]) => ({ ...layout, width: size(id).width, height: size(id).height })),
  );
  const down = taken ? taken.y + taken.height + 64 : 0;
  const put = (at: Point): Point => ({ x: at.x + (taken?.x ?? 0), y: at.y + down });
  const layouts = Object.fromEntries(
    [...places].map(([id, at]): [string, NodeLayout] => [id, put(at)]),
  );
  const bent = canvasOf(graph);
  const { reroutes, routes } = detours(
    edges
      .filter(
        ({ target, targetPort, index }) =>
          !Object.hasOwn(bent.routes ?? {}, routeName(joinPort(target, targetPort), index)),
      )
      .map((edge) => ({ edge, ends: endsOf(edge, layouts, size) })),
    new Map([...lost].map((id) => [id, { ...layouts[id]!, ...sized(size(id)) }])),
    moved(lanes, put),
    freshBends(bent.reroutes),
  );
  return withGraph(document, name, (now) => {
    const canvas = canvasOf(now);
    const made = { ...canvas, nodes: { ...known, ...layouts } };
    if (!Object.keys(routes).length) return { ...now, canvas: made };
    return {
      ...now,
      canvas: {
        ...made,
        reroutes: { ...canvas.reroutes, ...reroutes },
        routes: { ...canvas.routes, ...routes },
      },
    };
  });
};

const sized = ({ width, height }: NodeGeometry) => ({ width, height });

/** Where a link begins and ends, with nodes of these places and shapes. */
export const endsOf = (
  edge: Edge,
  places: Readonly<Record<string, Point>>,
  geometry: (id: string) => NodeGeometry,
): Ends => {
  const at = (id: string, handles: NodeGeometry['inputs'], port: string): Point => {
    const handle = handles.find((one) => one.port.name === port);
    const corner = places[id]!;
    return { x: corner.x + (handle?.x ?? 0), y: corner.y + (handle?.y ?? 0) };
  };
  return {
    from: at(edge.source, geometry(edge.source).outputs, edge.sourcePort),
    to: at(edge.target, geometry(edge.target).inputs, edge.targetPort),
  };
};
