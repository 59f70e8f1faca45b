import type { Port } from '@/core/catalogue';
import type { Json, SeedMode } from '@/core/document';

/** How a seed goes on from run to run; only seeds have it. */
export interface Seeding {
  mode: SeedMode;
  onMode(mode: SeedMode): void;
  /** The seed that the last run took, where it is known. */
  last?: number | undefined;
}

/** What every editor of a value is given. */
export interface FieldProps {
  port: Port;
  /** What stands there: a value that was set, or the default. */
  value: Json | undefined;
  /** Height in pixels below the label, for editors that have an area. */
  area: number;
  disabled: boolean;
  /** Id of the label, for `aria-labelledby`. */
  labelId: string;
  seeding?: Seeding | undefined;
  /** Take the keyboard as soon as it is there. */
  focused?: boolean | undefined;
  /** Set the value; `undefined` goes back to the default. Calls in quick succession are one entry. */
  onChange(value: Json | undefined): void;
  /** Paint it, where it is a mask. */
  onPaint?: ((value: Json | undefined) => void) | undefined;
  /** The user has finished with the field: what comes is an entry of its own. */
  onDone(): void;
}
