/** A score as a picture: which rows there are, and where each note lies. */

import type { Schemas } from '@/api/client';

export type Roll = Schemas['ScoreRoll'];

/** Pitches that are shown, the lowest and the highest: whole octaves around what is played. */
export interface Range {
  low: number;
  high: number;
}

const FEWEST = 24;

export const rangeOf = (roll: Roll): Range => {
  let low = 127;
  let high = 0;
  for (const track of roll.tracks)
    for (const [, , pitch] of track.notes) {
      low = Math.min(low, pitch);
      high = Math.max(high, pitch);
    }
  if (low > high) return { low: 48, high: 71 };
  low = Math.floor(low / 12) * 12;
  high = Math.ceil((high + 1) / 12) * 12 - 1;
  if (high - low + 1 < FEWEST) {
    if (low >= 12) low -= 12;
    else high += 12;
  }
  return { low, high: Math.min(high, 127) };
};

/** When a note begins, how long it lasts, both in seconds, its pitch and velocity. */
type Note = readonly [number, number, number, number];

export interface Box {
  x: number;
  y: number;
  width: number;
  height: number;
}

/** A note of no length is seen as well. */
const THINNEST = 1.5;

/** Where a note lies in a roll of `width` × `height` pixels. */
export const boxOf = (
  [start, duration, pitch]: Note,
  { low, high }: Range,
  seconds: number,
  width: number,
  height: number,
): Box => {
  const row = height / (high - low + 1);
  const scale = width / Math.max(seconds, 1e-6);
  return {
    x: start * scale,
    y: (high - pitch) * row,
    width: Math.max(duration * scale - 0.5, THINNEST),
    height: Math.max(row - (row > 4 ? 1 : 0), 1),
  };
};

/** Notes as an SVG path in a box as wide as there are seconds, a unit high for each pitch. */
export const pathOf = (notes: readonly Note[], { low, high }: Range): string =>
  notes
    .map(([start, duration, pitch]) => {
      const [x, long] = [start.toFixed(3), Math.max(duration, 0.02).toFixed(3)];
      return `M${x} ${high - Math.max(pitch, low)}h${long}v1h-${long}z`;
    })
    .join('');

export const isBlack = (pitch: number): boolean => [1, 3, 6, 8, 10].includes(pitch % 12);

/** C4 is the middle C, 60. */
export const octaveOf = (pitch: number): number => Math.floor(pitch / 12) - 1;

/** Every how many bars a line is drawn and named, so that names have room. */
export const barStep = (bars: number, width: number, room = 44): number => {
  const most = Math.max(1, Math.floor(width / room));
  let step = 1;
  while (bars / step > most) step *= 2;
  return step;
};

/** How many notes sound at a time, and how many there are. */
export const countOf = (roll: Roll): number =>
  roll.tracks.reduce((sum, track) => sum + track.notes.length, 0);
