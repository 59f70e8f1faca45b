/** How the value at an input is edited, told from its type and schema alone. */

import type { Port } from './catalogue';
import { isVariable, required, type Type } from './types';

export type FieldKind =
  | 'boolean'
  | 'choice'
  | 'color'
  | 'file'
  | 'integer'
  | 'json'
  | 'list'
  | 'model'
  | 'multiline'
  | 'number'
  | 'seed'
  | 'text'
  /** Nothing is typed in here: it takes a link. */
  | 'none';

/** Types whose literal is a file: `{"asset": …}`. */
const FILES = new Set(['Image', 'Mask', 'Audio', 'Video', 'Motion', 'Score', 'File']);

export const takesFile = (type: Type): boolean => FILES.has((type.item ?? type).name);

/** The media types that a file dialog offers for a port. */
export const acceptedFiles = (type: Type): string => {
  switch ((type.item ?? type).name) {
    case 'Image':
    case 'Mask':
      return 'image/*';
    case 'Audio':
      return 'audio/*,video/mp4,video/webm,video/quicktime';
    case 'Video':
      return 'video/*';
    case 'Score':
      return '.mid,.midi,.musicxml,.abc';
    case 'Motion':
      return '.bvh,.glb,.npz';
    default:
      return '';
  }
};

/**
 * How a port is edited. A media port is a file's only where the node has nothing else to take; a
 * mask can be painted everywhere.
 */
export const fieldKind = (port: Port, alone = false): FieldKind => {
  const type = required(port.type);
  if (type.item)
    return type.item.name === 'Text' || type.item.name === 'Number' || type.item.name === 'Integer'
      ? 'list'
      : 'none';
  if (isVariable(type)) return 'none';
  switch (type.name) {
    case 'Boolean':
      return 'boolean';
    case 'Choice':
      return 'choice';
    case 'Integer':
      return 'integer';
    case 'Json':
      return 'json';
    case 'ModelSource':
      return 'model';
    case 'Number':
      return 'number';
    case 'Seed':
      return 'seed';
    case 'Text':
      if (port.schema.format === 'color') return 'color';
      return port.schema.multiline ? 'multiline' : 'text';
    default:
      return type.name === 'Mask' || (alone && takesFile(type)) ? 'file' : 'none';
  }
};

/** Colour family of a type on the canvas; the theme gives each a colour. */
export type Family =
  | 'any'
  | 'audio'
  | 'boolean'
  | 'conditioning'
  | 'image'
  | 'latent'
  | 'mask'
  | 'mesh'
  | 'model'
  | 'motion'
  | 'number'
  | 'text'
  | 'video';

const FAMILIES: Record<string, Family> = {
  Image: 'image',
  Mask: 'mask',
  Region: 'mask',
  Tiling: 'mask',
  Latent: 'latent',
  Sigmas: 'latent',
  Styles: 'latent',
  Directions: 'latent',
  Noise: 'latent',
  Conditioning: 'conditioning',
  Guider: 'conditioning',
  Audio: 'audio',
  Score: 'audio',
  Chords: 'audio',
  Beats: 'audio',
  MusicFeatures: 'audio',
  Motion: 'motion',
  Video: 'video',
  Text: 'text',
  Json: 'text',
  Choice: 'text',
  File: 'text',
  Integer: 'number',
  Number: 'number',
  Seed: 'number',
  Tokens: 'number',
  ImageTokens: 'number',
  AudioCodes: 'number',
  Boolean: 'boolean',
  ModelSource: 'model',
};

export const familyOf = (type: Type): Family => {
  const base = type.item ? familyBase(type.item) : type;
  if (isVariable(base)) return 'any';
  return FAMILIES[base.name] ?? 'model';
};

/** Whether a type is one whose family tells enough of it; others are called by their names. */
export const isTold = (type: Type): boolean =>
  type.name in FAMILIES || /(Model|Net)$/.test(type.name);

const familyBase = (type: Type): Type => (type.item ? familyBase(type.item) : type);

/** Shape of a handle: what structure the type has. */
export type HandleShape = 'circle' | 'diamond' | 'ring' | 'square';

export const shapeOf = (type: Type, linked: boolean): HandleShape => {
  if (type.item) return 'diamond';
  if (familyOf(type) === 'model' && type.name !== 'ModelSource') return 'square';
  return type.optional && !linked ? 'ring' : 'circle';
};
