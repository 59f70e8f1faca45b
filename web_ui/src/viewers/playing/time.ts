/** Times, and the part between two of them that is played again and again. */

export interface Region {
  start: number;
  end: number;
}

/** `75.25` as `1:15.2`; with hours where the whole has them. */
export function timeText(seconds: number, whole = seconds): string {
  // In tenths from the start: 59.99 is neither 0:60.0 nor a minute.
  const tenths = Math.floor(Math.max(0, Number.isFinite(seconds) ? seconds : 0) * 10 + 1e-6);
  const [rest, minutes] = [tenths % 600, Math.floor(tenths / 600)];
  const clock = `${String(Math.floor(rest / 10)).padStart(2, '0')}.${rest % 10}`;
  if (!(whole >= 3600)) return `${minutes}:${clock}`;
  return `${Math.floor(minutes / 60)}:${String(minutes % 60).padStart(2, '0')}:${clock}`;
}

/** A region from two times in any order, inside the whole; null if it is too short to be meant. */
export function regionOf(a: number, b: number, duration: number, least = 0.02): Region | null {
  const start = Math.max(0, Math.min(a, b));
  const end = Math.min(duration, Math.max(a, b));
  return end - start < least ? null : { start, end };
}

/** Where to go on when a part is repeated; null as long as one is inside. */
export function turn(time: number, region: Region | null, duration: number): number | null {
  const end = region?.end ?? duration;
  return time >= end - 0.004 ? (region?.start ?? 0) : null;
}

/** Times that are marked on a line: round ones, at least `apart` pixels from each other. */
export function ticks(duration: number, width: number, apart = 90): number[] {
  if (!(duration > 0) || width <= 0) return [];
  const steps = [0.1, 0.2, 0.5, 1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600];
  const least = (duration * apart) / width;
  const step = steps.find((one) => one >= least) ?? Math.ceil(least / 3600) * 3600;
  // The last has room for its text.
  const last = duration - (duration * 48) / width;
  return Array.from({ length: Math.floor(last / step) + 1 }, (_, at) => at * step);
}
