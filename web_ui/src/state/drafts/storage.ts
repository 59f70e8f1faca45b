/** Where drafts are kept: the browser's database. */

import { openDB, type DBSchema, type IDBPDatabase } from 'idb';
import type { Draft, Session } from './record';

/** A draft that could not be read, as it was found. */
export interface Aside {
  draft: unknown;
  reason: string;
  time: number;
}

export interface DraftStorage {
  drafts(): Promise<Draft[]>;
  draft(key: string): Promise<Draft | undefined>;
  sessions(): Promise<Session[]>;
  /** Put some and take some away, all or nothing. */
  write(changes: {
    drafts?: readonly Draft[];
    sessions?: readonly Session[];
    goneDrafts?: readonly string[];
    goneSessions?: readonly string[];
  }): Promise<void>;
  /** Keep a draft that cannot be read where nothing writes. */
  setAside(key: string, aside: Aside): Promise<void>;
  aside(): Promise<Aside[]>;
}

interface Schema extends DBSchema {
  drafts: { key: string; value: Draft };
  sessions: { key: string; value: Session };
  aside: { key: number; value: Aside };
}

/** What is told to be written is on the disk: a browser that is killed has lost none of it. */
const STRICT = { durability: 'strict' } as const;

/** The browser's database; throws where there is none, as in some private windows. */
export async function browserStorage(name = 'musegraph'): Promise<DraftStorage> {
  const db: IDBPDatabase<Schema> = await openDB<Schema>(name, 1, {
    upgrade(fresh) {
      fresh.createObjectStore('drafts', { keyPath: 'key' });
      fresh.createObjectStore('sessions', { keyPath: 'key' });
      fresh.createObjectStore('aside', { autoIncrement: true });
    },
    // Another tab has a newer version of the page: let it go on.
    blocking: (_now, _next, event) => (event.target as IDBDatabase).close(),
  });
  return {
    drafts: () => db.getAll('drafts'),
    draft: (key) => db.get('drafts', key),
    sessions: () => db.getAll('sessions'),
    aside: () => db.getAll('aside'),
    async write({ drafts = [], sessions = [], goneDrafts = [], goneSessions = [] }) {
      const change = db.transaction(['drafts', 'sessions'], 'readwrite', STRICT);
      const done = [
        ...goneDrafts.map((key) => change.objectStore('drafts').delete(key)),
        ...goneSessions.map((key) => change.objectStore('sessions').delete(key)),
        ...drafts.map((draft) => change.objectStore('drafts').put(draft)),
        ...sessions.map((session) => change.objectStore('sessions').put(session)),
      ];
      // Without it the browser waits for the page to hear of each write, and a page that is about
      // to go hears nothing: all of it would be undone.
      change.commit();
      await Promise.all([...done, change.done]);
    },
    async setAside(key, aside) {
      const change = db.transaction(['drafts', 'aside'], 'readwrite', STRICT);
      await Promise.all([
        change.objectStore('aside').add(aside),
        change.objectStore('drafts').delete(key),
        change.done,
      ]);
    },
  };
}
