/** What something is, and so which viewer shows it. */

import type { Schemas } from '@/api/client';
import type { ViewerItem } from './open';
import { placeIn } from './places';
import { tableOf } from './text/table';

export type File = Schemas['OutputFile'];

export type Kind =
  | 'picture'
  | 'sound'
  | 'score'
  | 'film'
  | 'motion'
  | 'text'
  | 'json'
  | 'csv'
  | 'table'
  | 'number'
  | 'numbers'
  | 'value'
  | 'file';

const SUFFIXES: Readonly<Record<string, Kind>> = {
  png: 'picture',
  jpg: 'picture',
  jpeg: 'picture',
  webp: 'picture',
  gif: 'picture',
  mid: 'score',
  midi: 'score',
  wav: 'sound',
  mp3: 'sound',
  flac: 'sound',
  ogg: 'sound',
  opus: 'sound',
  m4a: 'sound',
  mp4: 'film',
  webm: 'film',
  mov: 'film',
  bvh: 'motion',
  glb: 'motion',
  txt: 'text',
  md: 'text',
  log: 'text',
  srt: 'text',
  yaml: 'text',
  json: 'json',
  csv: 'csv',
  tsv: 'csv',
};

/** Pictures that a browser shows as pictures; SVG is not one of them, it is a program. */
const SHOWN = /^image\/(?:png|jpeg|webp|gif|avif|bmp)$/;

/** What a file is, by its media type, or by its name where the server knows bytes only. */
export function kindOfFile({ media, name }: Pick<File, 'media' | 'name'>): Kind {
  const type = media.split(';')[0]!.trim().toLowerCase();
  if (SHOWN.test(type)) return 'picture';
  if (type === 'audio/midi') return 'score';
  if (type.startsWith('audio/')) return 'sound';
  if (type.startsWith('video/')) return 'film';
  if (type === 'application/json') return 'json';
  if (type === 'text/csv' || type === 'text/tab-separated-values') return 'csv';
  if (type.startsWith('text/')) return 'text';
  if (type === 'model/gltf-binary') return 'motion';
  const suffix = /\.([a-z0-9]+)$/i.exec(name)?.[1]?.toLowerCase() ?? '';
  return type === 'application/octet-stream' ? (SUFFIXES[suffix] ?? 'file') : 'file';
}

/** What a JSON value is. */
export function kindOfValue(value: unknown): Kind {
  if (typeof value === 'string') return 'text';
  if (typeof value === 'number') return 'number';
  if (Array.isArray(value) && value.length && value.every((one) => typeof one === 'number'))
    return 'numbers';
  if (isMotion(value)) return 'motion';
  return tableOf(value) ? 'table' : 'json';
}

/** Whether a value says itself how joints move; see `motion/joints.ts`. */
export const isMotion = (value: unknown): boolean => {
  if (typeof value !== 'object' || value === null) return false;
  const { joints, frames } = value as { joints?: unknown; frames?: unknown };
  return Array.isArray(joints) && Array.isArray(frames) && Array.isArray(frames[0]);
};

export function kindOf(item: ViewerItem): Kind {
  const { output } = item;
  const file = output.files[0];
  if (file) return kindOfFile(file);
  if (output.value === null || output.value === undefined) return placeIn(item) ? 'value' : 'json';
  return kindOfValue(output.value);
}
