/** Which document each run was submitted from: remembered in this browser, across reloads. */

const KEY = 'musegraph.runs';
const MOST = 400;

const read = (): [string, string][] => {
  try {
    const found: unknown = JSON.parse(localStorage.getItem(KEY) ?? '[]');
    return Array.isArray(found) ? (found as [string, string][]) : [];
  } catch {
    return [];
  }
};

let homes: Map<string, string> | null = null;

/** The uid of the document that a run was submitted from, if it was from this browser. */
export const homeOf = (run: string): string | null => {
  homes ??= new Map(read());
  return homes.get(run) ?? null;
};

/** Runs of a document, the latest first. */
export const runsFrom = (uid: string): string[] => {
  homes ??= new Map(read());
  return [...homes].flatMap(([run, home]) => (home === uid ? [run] : [])).toReversed();
};

export const remember = (runs: readonly string[], uid: string): void => {
  // Another tab may have written meanwhile.
  const all = new Map([...read(), ...runs.map((run) => [run, uid] as [string, string])]);
  homes = new Map([...all].slice(-MOST));
  localStorage.setItem(KEY, JSON.stringify([...homes]));
};
