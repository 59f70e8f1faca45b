/**
 * How large a node is and where its parts are: from the document alone, in pixels at zoom 1.
 * The style sheet takes the same numbers, so nothing has to be measured and thousands of nodes can
 * be placed without mounting one.
 */

import type { Port } from './catalogue';
import type { InputDocument, Json, NodeDocument, NodeLayout } from './document';
import { fieldKind, type FieldKind } from './fields';
import { foldedInputs } from './folding';
import type { NodePorts } from './ports';
import type { Type } from './types';

export const GRID = 8;
export const HEADER = 32;
export const ROW = 24;
export const PADDING = 12;
/** Between the last row and the edge of the node. */
export const FOOT = 8;
export const WIDTH = 240;
export const MIN_WIDTH = 160;
export const MAX_WIDTH = 640;
export const TEXT_AREA = 72;
export const FILE_AREA = 88;
/** Lists of texts, and JSON. */
export const SMALL_AREA = 64;
export const MIN_AREA = 24;
export const MAX_AREA = 960;
/** What a node of unknown type says of itself. */
export const NOTICE = 48;
export const HANDLE = 10;

export interface Row {
  y: number;
  height: number;
  input: Port | null;
  output: Port | null;
  field: FieldKind;
  /** Height of what stands below the label, for fields that need more than a line. */
  area: number;
}

export interface Handle {
  x: number;
  y: number;
  port: Port;
}

export interface NodeGeometry {
  width: number;
  height: number;
  rows: readonly Row[];
  inputs: readonly Handle[];
  outputs: readonly Handle[];
  /** Where a node of unknown type says which pack is missing. */
  notice: { y: number; height: number } | null;
  preview: { y: number; height: number } | null;
  /** The line that opens and closes the fold, and the inputs that it holds. */
  fold: { y: number; height: number; open: boolean; names: readonly string[] } | null;
}

export const snap = (value: number): number => Math.round(value / GRID) * GRID;

const SEEN = new Set(['Image', 'Mask', 'Video', 'Motion', 'Audio', 'Score']);

const base = (type: Type): string => (type.item ? base(type.item) : type.name);

/** Whether results of a node are shown in it when the layout does not say. */
export const showsByDefault = (ports: NodePorts, ends: boolean): boolean => {
  const first = ports.outputs[0];
  if (!first) return false;
  const name = base(first.type);
  if (SEEN.has(name)) return ends;
  // What makes a latent with a model is a sampler: it shows the picture as it comes.
  return (
    name === 'Latent' &&
    ports.inputs.some((port) => port.type.name === 'Model') &&
    ports.inputs.some((port) => port.name === 'steps')
  );
};

/** Whether a node can show its result at all. */
export const canShow = (ports: NodePorts): boolean => {
  const first = ports.outputs[0];
  return first !== undefined && (SEEN.has(base(first.type)) || base(first.type) === 'Latent');
};

export interface NodeLook {
  ports: NodePorts;
  node: NodeDocument;
  layout: NodeLayout | undefined;
  /** The named inputs of the workflow that set ports of it. */
  bound?: Readonly<Record<string, { input: InputDocument }>>;
  /** Whether what the node gives is a result: named, or taken by nobody. */
  ends: boolean;
  /** Whether the fold stands open for a moment, whatever the layout says. */
  opened?: boolean;
}

/** The field of each input. */
export const fieldOf = (port: Port, ports: NodePorts, node: NodeDocument): FieldKind => {
  if (!ports.known) return 'none';
  const value = node.values?.[port.name];
  const holdsFile =
    typeof value === 'object' &&
    value !== null &&
    !Array.isArray(value) &&
    ('asset' in value || 'file' in value);
  const alone = ports.inputs.length === 1 || holdsFile;
  return fieldKind(port, alone);
};

/** What stands at an input: set here or by a named input of the workflow, or the default. */
export const valueAt = (
  look: Pick<NodeLook, 'node' | 'bound'>,
  port: Port,
): { value: Json | undefined; own: boolean } => {
  const bound = look.bound?.[port.name];
  const value = bound ? bound.input.default : look.node.values?.[port.name];
  return value === undefined ? { value: port.default, own: false } : { value, own: true };
};

/** Whether nothing stands at an input that may be left empty. */
export const isNone = (port: Port, value: Json | undefined): boolean =>
  port.type.optional && (value === undefined || value === null);

const AREAS: { [field in FieldKind]?: number } = {
  multiline: TEXT_AREA,
  file: FILE_AREA,
  json: SMALL_AREA,
  list: SMALL_AREA,
};

const areaOf = (field: FieldKind, port: Port, look: NodeLook): number => {
  const { node, layout } = look;
  const usual = AREAS[field];
  if (usual === undefined || (node.links && Object.hasOwn(node.links, port.name))) return 0;
  if (field === 'list' && port.type.item?.name !== 'Text') return 0;
  if (isNone(port, valueAt(look, port).value)) return 0;
  return Math.min(MAX_AREA, Math.max(MIN_AREA, layout?.heights?.[port.name] ?? usual));
};

export const nodeGeometry = (look: NodeLook): NodeGeometry => {
  const { ports, node, layout } = look;
  const width = Math.min(MAX_WIDTH, Math.max(MIN_WIDTH, layout?.width ?? WIDTH));
  if (layout?.collapsed) return collapsed(ports, width);
  const rows: Row[] = [];
  let y = HEADER + GRID / 2;
  const notice = ports.known ? null : { y, height: NOTICE };
  if (notice) y += notice.height + GRID / 2;
  const add = (row: Omit<Row, 'y' | 'height'>): void => {
    const height = ROW + (row.area ? row.area + GRID / 2 : 0);
    rows.push({ ...row, y, height });
    y += height;
  };
  const names = foldedInputs(look).map((port) => port.name);
  const open = look.opened || layout?.advanced || false;
  const fields = ports.inputs
    .filter((port) => open || !names.includes(port.name))
    .map((port) => ({ port, field: fieldOf(port, ports, node) }));
  const sockets = fields.filter((one) => one.field === 'none');
  for (let place = 0; place < Math.max(sockets.length, ports.outputs.length); place += 1)
    add({
      input: sockets[place]?.port ?? null,
      output: ports.outputs[place] ?? null,
      field: 'none',
      area: 0,
    });
  for (const { port, field } of fields)
    if (field !== 'none')
      add({ input: port, output: null, field, area: areaOf(field, port, look) });
  const fold = names.length ? { y, height: ROW, open, names } : null;
  if (fold) y += ROW;
  const shows = canShow(ports) && (layout?.preview ?? showsByDefault(ports, look.ends));
  const preview = shows ? { y: y + GRID / 2, height: snap((width * 10) / 16) } : null;
  if (preview) y = preview.y + preview.height;
  return {
    width,
    height: snap(y + FOOT + GRID / 2 - 1),
    rows,
    inputs: rows.flatMap((row) =>
      row.input ? [{ x: 0, y: row.y + ROW / 2, port: row.input }] : [],
    ),
    outputs: rows.flatMap((row) =>
      row.output ? [{ x: width, y: row.y + ROW / 2, port: row.output }] : [],
    ),
    notice,
    preview,
    fold,
  };
};

/** Only the header: all handles stand in its middle, so links still lead somewhere. */
const collapsed = (ports: NodePorts, width: number): NodeGeometry => ({
  width,
  height: HEADER,
  rows: [],
  inputs: ports.inputs.map((port) => ({ x: 0, y: HEADER / 2, port })),
  outputs: ports.outputs.map((port) => ({ x: width, y: HEADER / 2, port })),
  notice: null,
  preview: null,
  fold: null,
});

export interface Rect {
  x: number;
  y: number;
  width: number;
  height: number;
}

export const bounds = (rects: Iterable<Rect>): Rect | null => {
  let left = Infinity;
  let top = Infinity;
  let right = -Infinity;
  let bottom = -Infinity;
  for (const one of rects) {
    left = Math.min(left, one.x);
    top = Math.min(top, one.y);
    right = Math.max(right, one.x + one.width);
    bottom = Math.max(bottom, one.y + one.height);
  }
  return left === Infinity ? null : { x: left, y: top, width: right - left, height: bottom - top };
};

export const overlaps = (a: Rect, b: Rect): boolean =>
  a.x < b.x + b.width && b.x < a.x + a.width && a.y < b.y + b.height && b.y < a.y + a.height;

export const holds = (outer: Rect, inner: Rect): boolean =>
  inner.x >= outer.x &&
  inner.y >= outer.y &&
  inner.x + inner.width <= outer.x + outer.width &&
  inner.y + inner.height <= outer.y + outer.height;
