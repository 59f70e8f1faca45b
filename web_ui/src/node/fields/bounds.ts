/** What a port's schema says of its number. */

import type { Port } from '@/core/catalogue';
import type { Bounds } from '@/core/numbers';

export const boundsOf = (port: Port): Bounds => {
  const { minimum, maximum, exclusiveMinimum, exclusiveMaximum, multipleOf } = port.schema;
  return {
    integer: port.type.name === 'Integer' || port.type.name === 'Seed',
    minimum,
    maximum,
    exclusiveMinimum,
    exclusiveMaximum,
    multipleOf,
  };
};

/** No longer than this, so that a bar says something. */
const LONGEST_BAR = 720;

/** From where to where a bar goes behind a number; null if both ends are not near. */
export const barOf = (bounds: Bounds): [number, number] | null => {
  const low = bounds.minimum ?? bounds.exclusiveMinimum;
  const high = bounds.maximum ?? bounds.exclusiveMaximum;
  if (low === undefined || high === undefined) return null;
  return high > low && high - low <= LONGEST_BAR ? [low, high] : null;
};
