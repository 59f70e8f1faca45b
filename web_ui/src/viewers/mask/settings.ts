/** How a user likes to paint; kept in this browser. */

import { create } from 'zustand';

export const TOOLS = ['brush', 'eraser', 'fill', 'lasso', 'rectangle'] as const;
export type Tool = (typeof TOOLS)[number];

export const COLOURS = ['red', 'orange', 'green', 'teal', 'blue', 'pink'] as const;
export type Colour = (typeof COLOURS)[number];

export interface MaskSettings {
  tool: Tool;
  /** Diameter of the brush, in pixels of the picture. */
  size: number;
  /** 0 to 1. */
  hardness: number;
  opacity: number;
  colour: Colour;
  pressure: boolean;
}

const DEFAULTS: MaskSettings = {
  tool: 'brush',
  size: 48,
  hardness: 0.9,
  opacity: 0.6,
  colour: 'red',
  pressure: true,
};

const KEY = 'musegraph.mask';
export const [LEAST_SIZE, MOST_SIZE] = [1, 800];

/** What was kept, as far as it is what it should be. */
export function readSettings(text: string | null): MaskSettings {
  try {
    const kept = JSON.parse(text ?? '{}') as Partial<MaskSettings>;
    const number = (name: 'size' | 'hardness' | 'opacity', low: number, high: number): number =>
      typeof kept[name] === 'number' && Number.isFinite(kept[name])
        ? Math.min(high, Math.max(low, kept[name]))
        : DEFAULTS[name];
    return {
      tool: TOOLS.find((one) => one === kept.tool) ?? DEFAULTS.tool,
      colour: COLOURS.find((one) => one === kept.colour) ?? DEFAULTS.colour,
      pressure: typeof kept.pressure === 'boolean' ? kept.pressure : DEFAULTS.pressure,
      size: number('size', LEAST_SIZE, MOST_SIZE),
      hardness: number('hardness', 0, 1),
      opacity: number('opacity', 0.1, 1),
    };
  } catch {
    return DEFAULTS;
  }
}

export const useMaskSettings = create<MaskSettings>(() => readSettings(localStorage.getItem(KEY)));

export function setMask(changes: Partial<MaskSettings>): void {
  useMaskSettings.setState(changes);
  localStorage.setItem(KEY, JSON.stringify(useMaskSettings.getState()));
}

/** The next size of a brush: by a tenth, by one where that is less. */
export const nextSize = (size: number, up: boolean): number =>
  Math.min(
    MOST_SIZE,
    Math.max(
      LEAST_SIZE,
      Math.round(up ? Math.max(size + 1, size * 1.15) : Math.min(size - 1, size / 1.15)),
    ),
  );
