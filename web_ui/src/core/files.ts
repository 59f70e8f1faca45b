/** Where a file that was dropped can go: which node type loads it, which input of a node takes it. */

import type { Catalogue, NodeType, Port } from './catalogue';
import { takesFile } from './fields';
import { required } from './types';

/** What a file is, as the server found it. */
export interface FileFacts {
  media: string;
  name: string;
}

/** The types whose literal a file can be, the closest first. */
export const typesOfFile = ({ media, name }: FileFacts): readonly string[] => {
  const ending = name.slice(name.lastIndexOf('.') + 1).toLowerCase();
  if (media.startsWith('image/')) return ['Image', 'Mask', 'File'];
  if (media.startsWith('audio/') && !['mid', 'midi'].includes(ending)) return ['Audio', 'File'];
  // Of a film the sound can be loaded.
  if (media.startsWith('video/') || ['m4a', 'mkv', 'mov'].includes(ending))
    return ['Video', 'Audio', 'File'];
  if (['mid', 'midi', 'musicxml', 'abc'].includes(ending)) return ['Score', 'File'];
  if (['bvh', 'glb', 'npz'].includes(ending)) return ['Motion', 'File'];
  return ['File'];
};

/** The input of a node that takes a file as its value; one of those named in `linked` last. */
export const inputForFile = (
  inputs: readonly Port[],
  file: FileFacts,
  linked: object = {},
): Port | null => {
  const wanted = typesOfFile(file);
  const found = inputs
    .filter((port) => !port.type.item && takesFile(port.type))
    .map((port) => ({ port, at: rank(port, wanted), linked: Object.hasOwn(linked, port.name) }))
    .filter(({ at }) => at >= 0)
    .sort((a, b) => Number(a.linked) - Number(b.linked) || a.at - b.at);
  return found[0]?.port ?? null;
};

/** Whether a node is there to take files: it has nothing else to take, or takes them as such. */
const loads = (type: NodeType, port: Port): boolean =>
  type.inputs.length === 1 || required(port.type).name === 'File';

/** The node type that loads a file, and its input for it: the one with the least beside. */
export const loaderFor = (
  catalogue: Catalogue,
  file: FileFacts,
): { type: NodeType; port: Port } | null => {
  const wanted = typesOfFile(file);
  const found = [...catalogue.types.values()]
    .flatMap((type) => {
      const port = inputForFile(type.inputs, file);
      return port && loads(type, port) ? [{ type, port }] : [];
    })
    .sort(
      (a, b) =>
        rank(a.port, wanted) - rank(b.port, wanted) ||
        Number(b.type.id.endsWith('.load')) - Number(a.type.id.endsWith('.load')) ||
        a.type.inputs.length - b.type.inputs.length ||
        (a.type.id < b.type.id ? -1 : 1),
    );
  return found[0] ?? null;
};

const rank = (port: Port, wanted: readonly string[]): number =>
  wanted.indexOf(required(port.type).name);
