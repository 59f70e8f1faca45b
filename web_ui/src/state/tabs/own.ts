/** This tab of the browser among others: a name of its own, and a lock that says that it lives. */

const KEY = 'musegraph.tab';
const LOCK = 'musegraph.tab.';

export const newId = (): string =>
  Array.from(crypto.getRandomValues(new Uint8Array(16)), (byte) =>
    byte.toString(16).padStart(2, '0'),
  ).join('');

/** Hold a lock for as long as the page lives; false if another page holds it. */
const holdForEver = (name: string): Promise<boolean> =>
  new Promise((resolve) => {
    void navigator.locks.request(name, { ifAvailable: true }, (lock) => {
      resolve(lock !== null);
      return lock ? new Promise(() => {}) : undefined;
    });
  });

/** A reload may ask while the page before still goes away. */
const TRIES = 20;

/** The name of this tab; `again` if it is a page that this tab had before, as after a reload. */
export async function ownTab(): Promise<{ tab: string; again: boolean }> {
  const known = sessionStorage.getItem(KEY);
  if (known) {
    if (!navigator.locks) return { tab: known, again: true };
    // A tab that was duplicated has the name of the other, which is alive.
    for (let tried = 0; tried < TRIES; tried += 1) {
      if (await holdForEver(LOCK + known)) return { tab: known, again: true };
      await new Promise((resolve) => setTimeout(resolve, 25));
    }
  }
  const tab = newId();
  sessionStorage.setItem(KEY, tab);
  if (navigator.locks) await holdForEver(LOCK + tab);
  return { tab, again: false };
}

/** Which tabs live, told by their locks. Without locks nobody knows, so all may. */
export async function isAlive(): Promise<(tab: string) => boolean> {
  if (!navigator.locks) return () => true;
  const { held = [] } = await navigator.locks.query();
  const names = new Set(held.map((lock) => lock.name));
  return (tab) => names.has(LOCK + tab);
}
