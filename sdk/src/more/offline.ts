/**
 * Batches that could not be sent, in IndexedDB: bounded, oldest dropped first. A record's key is `[time, random, bytes, events]`, so that
 * the bound is kept by reading keys alone.
 *
 * A page that goes takes its transactions with it, committed or not: one in three, in Chromium. What it leaves goes to localStorage, which
 * is written at once, and the next page, or this one when it is shown again, puts it into the queue. An item's name ends with its events.
 */
import type { Batch } from '../batch.js';

export const QUEUE_BYTES_MAX = 5_000_000;
/** In characters, one for each byte. A browser gives a site five million, and the site has its own use for them. */
export const LEFT_LENGTH_MAX = 2_000_000;
const STORE = 'batches';

type Key = [time: number, random: number, bytes: number, events: number];

export interface Queue {
  /** Keeps a batch and tells its key, or none where that cannot be done, and how many events were dropped to make room. */
  keep(batch: Batch): Promise<{ key?: IDBValidKey; dropped: number }>;
  /** Keeps a batch, or where there is no room its count, at once. Tells whether that could be done. */
  leave(batch: Batch): boolean;
  /** What was left, under its names; a batch without bytes had no room. */
  left(): [name: string, Batch][];
  removeLeft(name: string): void;
  oldest(): Promise<[IDBValidKey, Batch] | undefined>;
  remove(key: IDBValidKey): Promise<void>;
  clear(): Promise<void>;
}

function done<T>(request: IDBRequest<T>): Promise<T> {
  return new Promise((resolve, reject) => {
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(request.error);
  });
}

const completed = ({ transaction }: IDBObjectStore) =>
  new Promise((resolve, reject) => {
    transaction.oncomplete = resolve;
    transaction.onabort = reject;
  });

/** The oldest keys that must go so that the rest fits. */
function surplus(keys: Key[]): Key[] {
  let room = QUEUE_BYTES_MAX;
  return keys.reverse().filter((key) => (room -= key[2]) < 0);
}

/** One character for each byte. */
const asText = (bytes: Batch['bytes']) => bytes.reduce((text, byte) => text + String.fromCharCode(byte), '');
const asBytes = (text: string) => Uint8Array.from(text, (character) => character.charCodeAt(0));

export function queueOf(projectKey: string): Queue {
  const prefix = `gosight:${projectKey}:left:`;
  let database: Promise<IDBDatabase> | undefined;

  function open(): Promise<IDBDatabase> {
    const request = indexedDB.open(`gosight:${projectKey}`, 1);
    request.onupgradeneeded = () => request.result.createObjectStore(STORE);
    return done(request);
  }

  async function batches(): Promise<IDBObjectStore> {
    database ??= open();
    return (await database).transaction(STORE, 'readwrite').objectStore(STORE);
  }

  function names(): string[] {
    try {
      return Object.keys(localStorage).filter((name) => name.startsWith(prefix));
    } catch {
      return [];
    }
  }

  return {
    leave({ bytes, events }) {
      const name = `${prefix}${Math.random()}:${events}`;
      const taken = names().reduce((sum, name) => sum + localStorage[name].length, bytes.length);
      try {
        localStorage.setItem(name, '');
        if (taken <= LEFT_LENGTH_MAX) localStorage.setItem(name, asText(bytes));
      } catch {
        // Blocked, or full.
      }
      return names().includes(name);
    },
    left: () => names().map((name) => [name, { bytes: asBytes(localStorage[name]), events: Number(name.split(':')[4]) }]),
    removeLeft: (name) => localStorage.removeItem(name),
    async keep({ bytes, events }) {
      try {
        const store = await batches();
        const key = [Date.now(), Math.random(), bytes.length, events];
        store.put({ bytes, events }, key);
        const tooMany = surplus((await done(store.getAllKeys())) as unknown as Key[]);
        for (const old of tooMany) store.delete(old);
        // A full disk is only known when all is written.
        await completed(store);
        return { key, dropped: tooMany.reduce((sum, old) => sum + old[3], 0) };
      } catch {
        return { dropped: 0 };
      }
    },
    async oldest() {
      try {
        const cursor = await done((await batches()).openCursor());
        return cursor ? [cursor.key, cursor.value as Batch] : undefined;
      } catch {
        // Nothing can have been kept.
      }
    },
    async remove(key) {
      await done((await batches()).delete(key));
    },
    async clear() {
      names().forEach(this.removeLeft);
      await done((await batches()).clear());
    },
  };
}
