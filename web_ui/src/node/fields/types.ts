import type { Port } from '@/core/catalogue';
import type { Json } from '@/core/document';

/** What every editor of a value is given. */
export interface FieldProps {
  /** The node that it stands in, and the graph of that node. */
  node: string;
  graph: string;
  port: Port;
  /** What stands there: a value that was set, or the default. */
  value: Json | undefined;
  /** Whether it was set, and is not the default. */
  set: boolean;
  /** Height in pixels below the label, for editors that have an area. */
  area: number;
  disabled: boolean;
  /** Id of the label, for `aria-labelledby`. */
  labelId: string;
  /** Set the value; `undefined` goes back to the default. Calls in quick succession are one entry. */
  onChange(value: Json | undefined): void;
  /** The user has finished with the field: what comes is an entry of its own. */
  onDone(): void;
}
