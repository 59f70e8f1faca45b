/** Figures of numbers in order. */

export interface Stats {
  count: number;
  min: number;
  max: number;
  mean: number;
  sum: number;
}

export function statsOf(values: readonly number[]): Stats {
  let [min, max, sum] = [Infinity, -Infinity, 0];
  for (const value of values) {
    min = Math.min(min, value);
    max = Math.max(max, value);
    sum += value;
  }
  const count = values.length;
  return { count, min, max, sum, mean: sum / count };
}

/** The course of numbers as the points of a line in a box; the lowest stands at its foot. */
export function polyline(values: readonly number[], width: number, height: number): string {
  const { min, max } = statsOf(values);
  const span = max - min || 1;
  const step = Math.max(1, Math.floor(values.length / width));
  const points: string[] = [];
  for (let at = 0; at < values.length; at += step) {
    const x = values.length > 1 ? (at / (values.length - 1)) * width : width / 2;
    const y = height - 4 - ((values[at]! - min) / span) * (height - 8);
    points.push(`${x.toFixed(1)},${y.toFixed(1)}`);
  }
  return points.join(' ');
}
