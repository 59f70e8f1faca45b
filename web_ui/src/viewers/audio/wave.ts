/** The outline of a sound, for as many columns as there are. */

export interface Outline {
  minima: readonly number[];
  maxima: readonly number[];
}

export interface Column {
  low: number;
  high: number;
}

/** Lowest and highest sample of each column; parts that fall into one are taken together. */
export function columnsOf({ minima, maxima }: Outline, count: number): Column[] {
  const parts = Math.min(minima.length, maxima.length);
  if (!parts || count <= 0) return [];
  return Array.from({ length: count }, (_, at) => {
    const first = Math.min(parts - 1, Math.floor((at * parts) / count));
    const last = Math.max(first + 1, Math.floor(((at + 1) * parts) / count));
    let [low, high] = [Infinity, -Infinity];
    for (let part = first; part < Math.min(parts, last); part++) {
      low = Math.min(low, minima[part]!);
      high = Math.max(high, maxima[part]!);
    }
    return { low, high };
  });
}

/** A closed outline as an SVG path in a box of `width` by `height`. */
export function pathOf(outline: Outline, width: number, height: number): string {
  const columns = columnsOf(outline, Math.max(2, width));
  const y = (value: number): string => ((1 - value) * (height / 2)).toFixed(1);
  const top = columns.map(({ high }, at) => `${at},${y(Math.max(high, 0.015))}`);
  const bottom = columns.map(({ low }, at) => `${at},${y(Math.min(low, -0.015))}`).reverse();
  return columns.length ? `M${[...top, ...bottom].join('L')}Z` : '';
}
