/** This tab of the browser among others: a name of its own, and a lock that says that it lives. */

const KEY = 'musegraph.tab';
const LOCK = 'musegraph.tab.';

export const newId = (): string =>
  Array.from(crypto.getRandomValues(new Uint8Array(16)), (byte) =>
    byte.toString(16).padStart(2, '0'),
  ).join('');

/** Hold a lock for as long as the page lives; false if another page does not let go of it in time. */
const holdForEver = (name: string, milliseconds: number): Promise<boolean> =>
  new Promise((resolve) => {
    navigator.locks
      .request(name, { signal: AbortSignal.timeout(milliseconds) }, () => {
        resolve(true);
        return new Promise(() => {});
      })
      .catch(() => resolve(false));
  });

/** Milliseconds in which the page before goes away, which on a busy machine takes a while. */
const GOING = { reload: 10_000, other: 500 };

const isReload = (): boolean =>
  performance
    .getEntriesByType('navigation')
    .some((entry) => (entry as PerformanceNavigationTiming).type === 'reload');

/** The name of this tab; `again` if it is a page that this tab had before, as after a reload. */
export async function ownTab(): Promise<{ tab: string; again: boolean }> {
  const known = sessionStorage.getItem(KEY);
  if (known) {
    if (!navigator.locks) return { tab: known, again: true };
    // A tab that was duplicated has the name of the other, which lives on.
    const patience = isReload() ? GOING.reload : GOING.other;
    if (await holdForEver(LOCK + known, patience)) return { tab: known, again: true };
  }
  const tab = newId();
  sessionStorage.setItem(KEY, tab);
  if (navigator.locks) await holdForEver(LOCK + tab, GOING.other);
  return { tab, again: false };
}

/** Which tabs live, told by their locks. Without locks nobody knows, so all may. */
export async function isAlive(): Promise<(tab: string) => boolean> {
  if (!navigator.locks) return () => true;
  const { held = [] } = await navigator.locks.query();
  const names = new Set(held.map((lock) => lock.name));
  return (tab) => names.has(LOCK + tab);
}
