/** Commands on whatever stands on the canvas: moving, sizing, removing; frames, notes and bends. */

import {
  canvasOf,
  itemId,
  itemKind,
  nodesOf,
  splitPort,
  targetsOf,
  withGraph,
  type CanvasSection,
  type FrameLayout,
  type GraphDocument,
  type NoteLayout,
  type WorkflowDocument,
} from '../document';
import { assign, drop, mapValues, patch, put } from '../records';
import { changeLayout } from './nodes';
import { cut } from './links';

export interface Move {
  do: 'move';
  graph: string;
  /** New places by item: node ids, `frame:ID`, `note:ID`, `reroute:ID`. */
  to: Record<string, { x: number; y: number }>;
}

export interface Resize {
  do: 'resize';
  graph: string;
  item: string;
  x?: number;
  y?: number;
  width: number;
  height?: number;
}

export interface Remove {
  do: 'remove';
  graph: string;
  items: string[];
}

export interface SetFrame {
  do: 'setFrame';
  graph: string;
  id: string;
  /** Members to set, `null` takes one away; the frame is made if it is not there. */
  frame: { [K in keyof FrameLayout]?: FrameLayout[K] | null };
}

/** Make items members of a frame, or of none: an item is in one frame at most. */
export interface PutIntoFrame {
  do: 'putIntoFrame';
  graph: string;
  items: string[];
  frame: string | null;
}

export interface SetNote {
  do: 'setNote';
  graph: string;
  id: string;
  note: { [K in keyof NoteLayout]?: NoteLayout[K] | null };
}

export interface AddReroute {
  do: 'addReroute';
  graph: string;
  id: string;
  x: number;
  y: number;
  source: string;
  /** Ends of links, as in `canvas.routes`, and reroutes (`reroute:ID`) that are drawn through it. */
  through: string[];
}

export const changeCanvas = (
  graph: GraphDocument,
  change: (canvas: CanvasSection) => CanvasSection,
): GraphDocument => {
  const before = canvasOf(graph);
  const after = change(before);
  return after === before ? graph : { ...graph, canvas: after };
};

const LAYERS = { frame: 'frames', note: 'notes', reroute: 'reroutes' } as const;

export const move = (document: WorkflowDocument, command: Move): WorkflowDocument =>
  withGraph(document, command.graph, (graph) => {
    let nodes = canvasOf(graph).nodes ?? {};
    let canvas = canvasOf(graph);
    for (const [item, to] of Object.entries(command.to)) {
      const kind = itemKind(item);
      if (kind === 'node') {
        if (Object.hasOwn(nodesOf(graph), item))
          nodes = put(nodes, item, { ...nodes[item], x: to.x, y: to.y });
        continue;
      }
      const layer = LAYERS[kind];
      const known = canvas[layer]?.[itemId(item)];
      if (known)
        canvas = {
          ...canvas,
          [layer]: put(canvas[layer] as never, itemId(item), { ...known, ...to } as never),
        };
    }
    return { ...graph, canvas: { ...canvas, nodes } };
  });

export const resize = (document: WorkflowDocument, command: Resize): WorkflowDocument =>
  withGraph(document, command.graph, (graph) => {
    const { item, width, height, x, y } = command;
    const sizes = { width, ...(x === undefined ? {} : { x }), ...(y === undefined ? {} : { y }) };
    const kind = itemKind(item);
    if (kind === 'node')
      return Object.hasOwn(nodesOf(graph), item)
        ? changeLayout(graph, item, (layout) => ({ ...layout, ...sizes }))
        : graph;
    if (kind === 'reroute') return graph;
    const layer = LAYERS[kind];
    return changeCanvas(graph, (canvas) => {
      const known = canvas[layer]?.[itemId(item)];
      if (!known) return canvas;
      const sized = { ...known, ...sizes, ...(height === undefined ? {} : { height }) };
      return { ...canvas, [layer]: put(canvas[layer] as never, itemId(item), sized as never) };
    });
  });

/** Take items away, with every link, name and place of theirs. Members of a removed frame stay. */
export const remove = (document: WorkflowDocument, command: Remove): WorkflowDocument =>
  withGraph(document, command.graph, (graph) => {
    const gone = new Set(command.items);
    const nodes = command.items.filter((item) => Object.hasOwn(nodesOf(graph), item));
    let made = nodes.length ? withoutNodes(graph, new Set(nodes)) : graph;
    for (const item of command.items)
      if (itemKind(item) === 'reroute') made = withoutReroute(made, itemId(item));
    return changeCanvas(made, (canvas) => {
      let left = canvas;
      for (const item of command.items) {
        const kind = itemKind(item);
        if (kind === 'note' && left.notes)
          left = assign(left, 'notes', drop(left.notes, itemId(item)));
        if (kind === 'frame' && left.frames)
          left = assign(left, 'frames', drop(left.frames, itemId(item)));
      }
      return left.frames
        ? assign(
            left,
            'frames',
            mapValues(left.frames, (frame) => withoutMembers(frame, gone)),
          )
        : left;
    });
  });

const withoutMembers = (frame: FrameLayout, gone: ReadonlySet<string>): FrameLayout => {
  const left = frame.members?.filter((one) => !gone.has(one));
  return left === undefined || left.length === frame.members!.length
    ? frame
    : { ...frame, members: left };
};

const withoutNodes = (graph: GraphDocument, gone: ReadonlySet<string>): GraphDocument => {
  let made = graph;
  for (const [id, node] of Object.entries(nodesOf(graph))) {
    if (gone.has(id)) continue;
    for (const [port, link] of Object.entries(node.links ?? {})) {
      const sources = typeof link === 'string' ? [link] : link;
      for (let index = sources.length - 1; index >= 0; index -= 1)
        if (gone.has(splitPort(sources[index]!).node))
          made = cut(made, id, port, typeof link === 'string' ? undefined : index);
    }
  }
  const alive = (text: string) => !gone.has(splitPort(text).node);
  made = { ...made, nodes: drop(nodesOf(made), ...gone) };
  if (made.inputs)
    made = assign(
      made,
      'inputs',
      mapValues(made.inputs, (input) => {
        const left = targetsOf(input).filter(alive);
        return left.length === targetsOf(input).length
          ? input
          : left.length
            ? { ...input, to: left }
            : undefined;
      }),
    );
  if (made.outputs)
    made = assign(
      made,
      'outputs',
      mapValues(made.outputs, (text) => (alive(text) ? text : undefined)),
    );
  const reroutes = canvasOf(made).reroutes ?? {};
  for (const [id, reroute] of Object.entries(reroutes))
    if (!alive(reroute.source)) made = withoutReroute(made, id);
  return changeCanvas(made, (canvas) =>
    canvas.nodes ? assign(canvas, 'nodes', drop(canvas.nodes, ...gone)) : canvas,
  );
};

/** The graph without a bend: what went through it goes straight on. */
const withoutReroute = (graph: GraphDocument, id: string): GraphDocument =>
  changeCanvas(graph, (canvas) => {
    const reroute = canvas.reroutes?.[id];
    if (!reroute) return canvas;
    const name = `reroute:${id}`;
    const behind = itemKind(reroute.source) === 'reroute' ? itemId(reroute.source) : undefined;
    const reroutes = mapValues(drop(canvas.reroutes!, id), (one) =>
      one.source === name ? { ...one, source: reroute.source } : one,
    );
    const routes = mapValues(canvas.routes ?? {}, (through) => (through === id ? behind : through));
    return assign(assign(canvas, 'reroutes', reroutes), 'routes', routes);
  });

export const setFrame = (document: WorkflowDocument, command: SetFrame): WorkflowDocument =>
  withGraph(document, command.graph, (graph) =>
    changeCanvas(graph, (canvas) => {
      const known = canvas.frames?.[command.id] ?? { x: 0, y: 0, width: 240, height: 160 };
      const taken = new Set(command.frame.members ?? []);
      const others = taken.size
        ? mapValues(canvas.frames ?? {}, (frame, id) =>
            id === command.id ? frame : withoutMembers(frame, taken),
          )
        : canvas.frames;
      return { ...canvas, frames: put(others, command.id, patch(known, command.frame)) };
    }),
  );

export const putIntoFrame = (document: WorkflowDocument, command: PutIntoFrame): WorkflowDocument =>
  withGraph(document, command.graph, (graph) =>
    changeCanvas(graph, (canvas) => {
      const items = new Set(
        command.items.filter((item) => item !== `frame:${command.frame ?? ''}`),
      );
      if (!canvas.frames) return canvas;
      const frames = mapValues(canvas.frames, (frame, id) => {
        if (id !== command.frame) return withoutMembers(frame, items);
        const added = [...items].filter((item) => !frame.members?.includes(item));
        return added.length ? { ...frame, members: [...(frame.members ?? []), ...added] } : frame;
      });
      return assign(canvas, 'frames', frames);
    }),
  );

export const setNote = (document: WorkflowDocument, command: SetNote): WorkflowDocument =>
  withGraph(document, command.graph, (graph) =>
    changeCanvas(graph, (canvas) => {
      const known = canvas.notes?.[command.id] ?? { text: '', x: 0, y: 0, width: 240, height: 120 };
      const text = command.note.text === '' ? { text: '' } : {};
      return {
        ...canvas,
        notes: put(canvas.notes, command.id, { ...patch(known, command.note), ...text }),
      };
    }),
  );

export const addReroute = (document: WorkflowDocument, command: AddReroute): WorkflowDocument =>
  withGraph(document, command.graph, (graph) =>
    changeCanvas(graph, (canvas) => {
      if (canvas.reroutes && Object.hasOwn(canvas.reroutes, command.id)) return canvas;
      const { x, y, source } = command;
      let reroutes = put(canvas.reroutes, command.id, { x, y, source });
      let routes = canvas.routes ?? {};
      for (const end of command.through) {
        if (itemKind(end) === 'reroute') {
          const known = reroutes[itemId(end)];
          if (known)
            reroutes = put(reroutes, itemId(end), { ...known, source: `reroute:${command.id}` });
        } else routes = put(routes, end, command.id);
      }
      return assign({ ...canvas, reroutes }, 'routes', routes);
    }),
  );

/** All members of frames, theirs too: what goes along when these items are moved. */
export const withMembers = (canvas: CanvasSection, items: Iterable<string>): Set<string> => {
  const found = new Set<string>();
  const visit = (item: string): void => {
    if (found.has(item)) return;
    found.add(item);
    if (itemKind(item) === 'frame')
      for (const member of canvas.frames?.[itemId(item)]?.members ?? []) visit(member);
  };
  for (const item of items) visit(item);
  return found;
};
