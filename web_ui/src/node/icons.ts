/** The icon of a node: that of its type, or of what it gives. */

import {
  AudioLines,
  AudioWaveform,
  Blend,
  Box,
  Boxes,
  Braces,
  Brush,
  Calculator,
  Contrast,
  Crop,
  Dices,
  Droplets,
  Film,
  FlipHorizontal2,
  GitBranch,
  Grid3x3,
  Grip,
  Hash,
  ImageIcon,
  ImageUp,
  Layers,
  List,
  MessageSquareQuote,
  Music,
  Package,
  PackageOpen,
  Palette,
  PenLine,
  PersonStanding,
  Puzzle,
  Repeat,
  Replace,
  RotateCw,
  Save,
  Scaling,
  Shapes,
  Sparkles,
  Speech,
  SquareDashed,
  ToggleLeft,
  Type,
  VenetianMask,
  Waves,
  type LucideIcon,
} from 'lucide-react';
import { definitionOf } from '@/core/document';
import { familyOf, type Family } from '@/core/fields';
import type { NodeView } from '@/core/project';

const FAMILIES: Record<Family, LucideIcon> = {
  any: Shapes,
  audio: AudioLines,
  boolean: ToggleLeft,
  conditioning: MessageSquareQuote,
  image: ImageIcon,
  latent: Waves,
  mask: SquareDashed,
  mesh: Box,
  model: Package,
  motion: PersonStanding,
  number: Hash,
  text: Type,
  video: Film,
};

const TYPES: Record<string, LucideIcon> = {
  'core.calculate': Calculator,
  'core.choose': GitBranch,
  'core.repeat': Repeat,
  'core.replace': Replace,
  'core.seed': Dices,
  'core.seeds': Dices,
  'diffusion.load': PackageOpen,
  'diffusion.sample': Sparkles,
  'image.adjust': Contrast,
  'image.blend': Blend,
  'image.blur': Droplets,
  'image.color': Brush,
  'image.compose': Layers,
  'image.crop': Crop,
  'image.flip': FlipHorizontal2,
  'image.grid': Grid3x3,
  'image.load': ImageUp,
  'image.resize': Scaling,
  'image.rotate': RotateCw,
  'image.save': Save,
  'image.scale': Scaling,
};

/** Packs whose nodes give much the same as others. */
const PACKS: Record<string, LucideIcon> = {
  audio: AudioLines,
  autoregressive: Grip,
  gan: VenetianMask,
  language: PenLine,
  motion: PersonStanding,
  music: Music,
  soundgen: AudioWaveform,
  speech: Speech,
  style: Palette,
};

export const iconOf = (view: Pick<NodeView, 'node' | 'ports' | 'outputTypes'>): LucideIcon => {
  const { type } = view.node;
  if (!view.ports.known) return Puzzle;
  if (definitionOf(type) !== null) return Boxes;
  const first = view.outputTypes[0];
  if (TYPES[type]) return TYPES[type];
  if (first?.name === 'Json') return Braces;
  if (first?.item && familyOf(first) !== 'image') return List;
  return PACKS[type.slice(0, type.indexOf('.'))] ?? FAMILIES[first ? familyOf(first) : 'any'];
};
