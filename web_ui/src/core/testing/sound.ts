import { canonical, pretty, readJson } from '../canonical';
import {
  canvasOf,
  definitionOf,
  edgesOf,
  graphOf,
  itemId,
  itemKind,
  nodesOf,
  sourcesOf,
  splitPort,
  targetsOf,
  type GraphDocument,
  type WorkflowDocument,
} from '../document';
import { runningOrder } from '../order';

/** What is wrong with a document, as sentences; none if it holds together. */
export function faults(document: WorkflowDocument): string[] {
  const found = ['', ...Object.keys(document.graphs ?? {})].flatMap((name) =>
    [
      ...ofLinks(document, graphOf(document, name)),
      ...ofOrder(graphOf(document, name)),
      ...ofInterface(graphOf(document, name)),
      ...ofFrames(graphOf(document, name)),
      ...ofReroutes(graphOf(document, name)),
      ...ofLayout(graphOf(document, name)),
    ].map((fault) => `${name || 'workflow'}: ${fault}`),
  );
  found.push(...ofDefinitions(document));
  return found;
}

/** Whether what is saved is read back as the same document. */
export const readsBack = (document: WorkflowDocument): boolean => {
  const json = document as never;
  return canonical(readJson(pretty(json))) === canonical(json);
};

const ofDefinitions = (document: WorkflowDocument): string[] => {
  const within = (name: string, above: readonly string[]): boolean =>
    above.includes(name) ||
    Object.values(nodesOf(graphOf(document, name))).some((node) => {
      const used = definitionOf(node.type);
      return used !== null && within(used, [...above, name]);
    });
  return Object.keys(document.graphs ?? {}).flatMap((name) =>
    within(name, []) ? [`${name} is within itself`] : [],
  );
};

const ofOrder = (graph: GraphDocument): string[] => {
  const place = new Map(runningOrder(graph).map((id, at) => [id, at]));
  return edgesOf(graph).flatMap((edge) =>
    (place.get(edge.source) ?? -1) < place.get(edge.target)! ? [] : [`${edge.id} goes in a circle`],
  );
};

const ofLinks = (document: WorkflowDocument, graph: GraphDocument): string[] => {
  const nodes = nodesOf(graph);
  const found: string[] = [];
  for (const edge of edgesOf(graph)) {
    const source = nodes[edge.source];
    if (!source) found.push(`${edge.id} comes from nowhere`);
    const definition = source && definitionOf(source.type);
    const outputs = definition ? document.graphs?.[definition]?.outputs : undefined;
    if (definition && !Object.hasOwn(outputs ?? {}, edge.sourcePort))
      found.push(`${edge.id} comes from an output that ${definition} does not have`);
  }
  for (const [id, node] of Object.entries(nodes)) {
    for (const port of Object.keys(node.links ?? {}))
      if (Object.hasOwn(node.values ?? {}, port))
        found.push(`${id}.${port} has a value and a link`);
    for (const [port, link] of Object.entries(node.links ?? {}))
      if (!sourcesOf(link).length) found.push(`${id}.${port} has no link in its list of links`);
    const definition = definitionOf(node.type);
    if (definition === null) continue;
    const inputs = document.graphs?.[definition]?.inputs ?? {};
    if (!document.graphs?.[definition]) found.push(`${id} uses ${definition}, which is not there`);
    for (const port of Object.keys({ ...node.links, ...node.values }))
      if (!Object.hasOwn(inputs, port)) found.push(`${id}.${port} is no input of ${definition}`);
  }
  return found;
};

const ofInterface = (graph: GraphDocument): string[] => {
  const nodes = nodesOf(graph);
  const found: string[] = [];
  const bound = new Set<string>();
  for (const [name, input] of Object.entries(graph.inputs ?? {})) {
    if (!targetsOf(input).length) found.push(`input ${name} sets nothing`);
    for (const text of targetsOf(input)) {
      const at = splitPort(text);
      if (!nodes[at.node]) found.push(`input ${name} sets ${text}, which is not there`);
      if (bound.has(text)) found.push(`${text} is set by two inputs`);
      if (nodes[at.node]?.links?.[at.port] !== undefined)
        found.push(`${text} has an input and a link`);
      if (Object.hasOwn(nodes[at.node]?.values ?? {}, at.port))
        found.push(`${text} has an input and a value`);
      bound.add(text);
    }
  }
  for (const [name, text] of Object.entries(graph.outputs ?? {}))
    if (!nodes[splitPort(text).node]) found.push(`output ${name} comes from nowhere`);
  for (const name of Object.keys(canvasOf(graph).inputs ?? {}))
    if (!Object.hasOwn(graph.inputs ?? {}, name)) found.push(`a seed mode of no input: ${name}`);
  return found;
};

const ofFrames = (graph: GraphDocument): string[] => {
  const { frames = {}, notes = {}, reroutes = {} } = canvasOf(graph);
  const layers = { frame: frames, note: notes, reroute: reroutes, node: nodesOf(graph) };
  const home = new Map<string, string>();
  const found: string[] = [];
  for (const [id, frame] of Object.entries(frames))
    for (const member of frame.members ?? []) {
      if (!Object.hasOwn(layers[itemKind(member)], itemId(member)))
        found.push(`${member}, a member of frame ${id}, is not there`);
      if (home.has(member)) found.push(`${member} is in two frames`);
      home.set(member, `frame:${id}`);
    }
  for (const id of Object.keys(frames)) {
    let at: string | undefined = `frame:${id}`;
    for (let depth = 0; at !== undefined && depth <= home.size; depth += 1) at = home.get(at);
    if (at !== undefined) found.push(`frame ${id} is within itself`);
  }
  return found;
};

const ofReroutes = (graph: GraphDocument): string[] => {
  const { reroutes = {}, routes = {} } = canvasOf(graph);
  const found: string[] = [];
  for (const [id, reroute] of Object.entries(reroutes)) {
    let at = reroute.source;
    for (let depth = 0; itemKind(at) === 'reroute' && depth <= 1000; depth += 1)
      at = reroutes[itemId(at)]?.source ?? '';
    if (!nodesOf(graph)[splitPort(at).node]) found.push(`reroute ${id} comes from nowhere`);
  }
  for (const [end, reroute] of Object.entries(routes)) {
    if (!Object.hasOwn(reroutes, reroute)) found.push(`${end} is routed through ${reroute}, gone`);
    const [target, index] = end.split('#') as [string, string?];
    const at = splitPort(target);
    const link = nodesOf(graph)[at.node]?.links?.[at.port];
    const there =
      index === undefined
        ? typeof link === 'string'
        : Array.isArray(link) && Number(index) < link.length;
    if (!there) found.push(`a route of no link: ${end}`);
  }
  return found;
};

const ofLayout = (graph: GraphDocument): string[] =>
  Object.entries(canvasOf(graph).nodes ?? {}).flatMap(([id, layout]) => [
    ...(Object.hasOwn(nodesOf(graph), id) ? [] : [`a place of no node: ${id}`]),
    ...Object.keys(layout.kept ?? {})
      .filter((port) => nodesOf(graph)[id]?.links?.[port] === undefined)
      .map((port) => `${id}.${port} keeps a value for no link`),
  ]);
