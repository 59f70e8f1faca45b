/**
 * One tab of the browser writes a file. The second that opens it shows it read-only, until the
 * first lets go or the user takes it over; what the first had not saved comes along then.
 */

import type { WorkflowDocument } from '@/core/document';
import { isUnsaved, type DocumentStore } from '@/state/document';
import { raise, settle } from '@/state/files/matters';
import { useWorkspace } from '@/state/workspace';
import { newId } from './own';

interface Claim {
  file: string;
  release(): void;
}

type Said =
  | { say: 'what'; file: string; ask: string }
  | {
      say: 'this';
      ask: string;
      document: WorkflowDocument;
      version: number;
      unsaved: boolean;
    };

const LOCK = 'musegraph.file.';
/** Milliseconds to wait for the other tab to say what it has. */
const PATIENCE = 500;

const claims = new Map<string, Claim>();
let channel: BroadcastChannel | null = null;

/** Hold the file's lock until it is released; tells whether it is held at first. */
const hold = (file: string, options: LockOptions, onLost: () => void) => {
  let release = (): void => {};
  const until = new Promise<void>((resolve) => (release = resolve));
  const held = new Promise<boolean>((resolve) => {
    navigator.locks
      .request(LOCK + file, options, (lock) => {
        resolve(lock !== null);
        return lock ? until : undefined;
      })
      // It was stolen, or no longer wanted.
      .catch((error: unknown) => {
        resolve(false);
        if (!options.signal?.aborted) onLost();
        return error;
      });
  });
  return { held, release };
};

const isCurrent = (store: DocumentStore, file: string): boolean =>
  store.getState().origin?.id === file && claims.get(store.getState().uid)?.file === file;

/** Try to be the one that writes; wait for it read-only otherwise. */
const claim = async (store: DocumentStore, file: string, options: LockOptions): Promise<void> => {
  const { uid } = store.getState();
  claims.get(uid)?.release();
  const { held, release } = hold(file, options, () => {
    if (isCurrent(store, file)) void wait(store, file);
  });
  claims.set(uid, { file, release });
  if (await held) write(store);
  else if (isCurrent(store, file) && !options.steal) void wait(store, file);
};

const write = (store: DocumentStore): void => {
  if (!useWorkspace.getState().documents.includes(store)) return;
  store.setState({ readOnly: false });
  settle(store.getState().uid, 'elsewhere');
};

const wait = async (store: DocumentStore, file: string): Promise<void> => {
  const { uid } = store.getState();
  store.setState({ readOnly: true });
  raise(uid, { kind: 'elsewhere' });
  const given = new AbortController();
  const { held, release } = hold(file, { signal: given.signal }, () => {
    if (isCurrent(store, file)) void wait(store, file);
  });
  claims.set(uid, {
    file,
    release: () => {
      given.abort();
      release();
    },
  });
  if (await held) write(store);
};

/** What the tab that writes a file has of it; null if nobody says. */
const askWriter = (file: string): Promise<Extract<Said, { say: 'this' }> | null> =>
  new Promise((resolve) => {
    const ask = newId();
    const hear = ({ data }: MessageEvent<Said>): void => {
      if (data.say === 'this' && data.ask === ask) end(data);
    };
    const end = (found: Extract<Said, { say: 'this' }> | null): void => {
      channel?.removeEventListener('message', hear);
      resolve(found);
    };
    channel?.addEventListener('message', hear);
    channel?.postMessage({ say: 'what', file, ask } satisfies Said);
    setTimeout(() => end(null), PATIENCE);
  });

/** Write the file here from now on, going on from what the other tab has. */
export async function takeOver(store: DocumentStore): Promise<void> {
  const { origin } = store.getState();
  if (!origin) return;
  const theirs = await askWriter(origin.id);
  await claim(store, origin.id, { steal: true });
  if (!theirs?.unsaved) return;
  store.replace(theirs.document, 'takeOver');
  store.noteSaved({ ...origin, version: theirs.version }, store.getState().saved);
}

/** Answer other tabs, and claim the files of all documents that are opened. */
export function watchClaims(): void {
  // Without locks (a page that did not come over HTTPS), the versions of the server hold alone.
  if (!navigator.locks) return;
  channel = new BroadcastChannel('musegraph.files');
  channel.addEventListener('message', ({ data }: MessageEvent<Said>) => {
    if (data.say !== 'what') return;
    const { documents } = useWorkspace.getState();
    const mine = documents.find((one) => one.getState().origin?.id === data.file);
    const state = mine?.getState();
    if (!state || state.readOnly) return;
    channel!.postMessage({
      say: 'this',
      ask: data.ask,
      document: state.document,
      version: state.origin!.version,
      unsaved: isUnsaved(state),
    } satisfies Said);
  });
  const watched = new Map<string, () => void>();
  const look = (): void => {
    const { documents } = useWorkspace.getState();
    for (const store of documents) {
      const { uid } = store.getState();
      if (!watched.has(uid))
        watched.set(
          uid,
          store.subscribe(() => follow(store)),
        );
      follow(store);
    }
    for (const [uid, stop] of watched)
      if (!documents.some((one) => one.getState().uid === uid)) {
        stop();
        watched.delete(uid);
        claims.get(uid)?.release();
        claims.delete(uid);
      }
  };
  const follow = (store: DocumentStore): void => {
    const { uid, origin } = store.getState();
    const known = claims.get(uid);
    if (known?.file === origin?.id) return;
    if (origin) void claim(store, origin.id, { ifAvailable: true });
    else {
      known?.release();
      claims.delete(uid);
    }
  };
  look();
  useWorkspace.subscribe((now, before) => now.documents !== before.documents && look());
}
