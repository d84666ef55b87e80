/**
 * Batches that could not be sent, in IndexedDB: bounded, oldest dropped first. A record's key is `[time, random, bytes, events]`, so that
 * the bound is kept by reading keys alone.
 */
import type { Batch } from '../batch.js';

export const QUEUE_BYTES_MAX = 5_000_000;
const STORE = 'batches';

type Key = [time: number, random: number, bytes: number, events: number];

export interface Queue {
  /** Keeps a batch and tells its key, or none where that cannot be done, and how many events were dropped to make room. */
  keep(batch: Batch, leaving?: boolean): Promise<{ key?: IDBValidKey; dropped: number }>;
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

export function queueOf(projectKey: string): Queue {
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

  return {
    async keep({ bytes, events }, leaving) {
      try {
        const store = await batches();
        const key = [Date.now(), Math.random(), bytes.length, events];
        store.put({ bytes, events }, key);
        // Nobody will be there to answer, or to end the transaction; the next batch that is kept makes room.
        if (leaving) store.transaction.commit();
        const tooMany = leaving ? [] : surplus((await done(store.getAllKeys())) as unknown as Key[]);
        for (const old of tooMany) store.delete(old);
        // A full disk is only known when all is written.
        if (!leaving) await completed(store);
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
      await done((await batches()).clear());
    },
  };
}
