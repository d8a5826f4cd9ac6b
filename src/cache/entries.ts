import { LRUCache } from 'lru-cache';
import type { Failure } from './decide.ts';

/** The value of one key. Its version changes whenever the content does, and no two entries ever have the same. */
export interface Entry<Value = unknown> {
  value: Value;
  /** When the value was last known true. */
  asOf: number;
  version: number;
  /** The last refresh, if it failed. */
  failure: Failure | null;
}

/** A map bounded in bytes, which evicts the least recently used entries. */
export interface Entries {
  get(key: string): Entry | undefined;
  /** As `get`, but does not count as use. */
  peek(key: string): Entry | undefined;
  /** Stores a value under a new version. Does not store a value that alone exceeds the bound. */
  set(key: string, entry: Omit<Entry, 'version'>, bytes: number): void;
  /** A version that no entry has had. */
  nextVersion(): number;
  readonly bytes: number;
  readonly count: number;
}

/*
 * Sizes are what the process grows by: about twice the size of a value on the heap, as V8 lets garbage grow to a multiple of the live
 * data.
 */

/** The size of a key and an entry in their maps, without the value. */
const ENTRY_OVERHEAD_BYTES = 800;

export function createEntries(maxBytes: number): Entries {
  const entries = new LRUCache<string, Entry>({ maxSize: maxBytes });
  let lastVersion = 0;
  const nextVersion = () => (lastVersion += 1);
  return {
    get: (key) => entries.get(key),
    peek: (key) => entries.peek(key),
    set(key, entry, bytes) {
      const size = ENTRY_OVERHEAD_BYTES + 4 * key.length + Math.ceil(bytes);
      entries.set(key, { ...entry, version: nextVersion() }, { size });
    },
    nextVersion,
    get bytes() {
      return entries.calculatedSize;
    },
    get count() {
      return entries.size;
    },
  };
}

/** The size of a JSON-like value, estimated from its text. On the heap, runs take 1.3 to 1.5 times their text. */
export function bytesOf(value: unknown): number {
  return 3 * Buffer.byteLength(JSON.stringify(value));
}
