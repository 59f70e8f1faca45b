/** Which results are chosen: by click, by range, with the arrow keys. */

export interface Choice {
  chosen: ReadonlySet<string>;
  /** Where the keyboard is, and where a range begins. */
  at: string | null;
  from: string | null;
}

export const NOTHING_CHOSEN: Choice = { chosen: new Set(), at: null, from: null };

export interface How {
  /** Shift: from where the range began to here. */
  range: boolean;
  /** Ctrl: this one more, or not any more. */
  toggle: boolean;
}

export const choose = (choice: Choice, keys: readonly string[], key: string, how: How): Choice => {
  if (how.range) {
    const from = choice.from ?? choice.at ?? key;
    const [a, b] = [keys.indexOf(from), keys.indexOf(key)];
    if (a < 0 || b < 0) return { chosen: new Set([key]), at: key, from: key };
    return { chosen: new Set(keys.slice(Math.min(a, b), Math.max(a, b) + 1)), at: key, from };
  }
  if (how.toggle) {
    const chosen = new Set(choice.chosen);
    if (!chosen.delete(key)) chosen.add(key);
    return { chosen, at: key, from: key };
  }
  return { chosen: new Set([key]), at: key, from: key };
};

/** The place that a key leads to from another, in a grid of so many columns; null for other keys. */
export const step = (
  key: string,
  at: number,
  count: number,
  columns: number,
  rows: number,
): number | null => {
  const steps: Record<string, number> = {
    ArrowLeft: -1,
    ArrowRight: 1,
    ArrowUp: -columns,
    ArrowDown: columns,
    PageUp: -columns * rows,
    PageDown: columns * rows,
  };
  if (key === 'Home') return 0;
  if (key === 'End') return count - 1;
  const by = steps[key];
  if (by === undefined) return null;
  const to = at + by;
  if (Math.abs(by) === columns && (to < 0 || to >= count)) return at;
  return Math.min(count - 1, Math.max(0, to));
};
