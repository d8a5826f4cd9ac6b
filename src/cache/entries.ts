import { LRUCache } from 'lru-cache';
import type { Cached, Failure } from './freshness.ts';

/** The value of one key. Its version changes whenever the content does, and no two entries ever have the same. */
export interface Entry<Value = unknown> extends Cached<Value> {
  /** The last refresh, if it failed. */
  failure: Failure | null;
}

export interface NewEntry {
  value: unknown;
  /** When the value was last known true. */
  asOf: number;
  failure: Failure | null;
  /** How long the value stays fresh. Null if it can change at any moment. Milliseconds. */
  lastingMs: number | null;
  /** The size of the value. */
  bytes: number;
}

/*
 * Sizes are what the process grows by: about twice the size of a value on the heap, as V8 lets garbage grow to a multiple of the live
 * data.
 */

/** The size of a key and an entry in their maps, without the value. */
const ENTRY_OVERHEAD_BYTES = 800;

/** The least recently used entries are evicted when all together exceed `maxBytes`. */
export class Entries extends LRUCache<string, Entry> {
  #lastVersion = 0;

  constructor(maxBytes: number) {
    super({ maxSize: maxBytes });
  }

  /** Stores a value under a new version. Does not store a value that alone exceeds the bound. */
  store(key: string, { value, asOf, failure, lastingMs, bytes }: NewEntry): void {
    const size = ENTRY_OVERHEAD_BYTES + 4 * key.length + Math.ceil(bytes);
    const trustedUntil = asOf + (lastingMs ?? Infinity);
    const version = this.nextVersion();
    this.set(
      key,
      { value, asOf, failure, isShortLived: lastingMs === null, trustedUntil, version },
      { size },
    );
  }

  /** A version that no entry has had. */
  nextVersion(): number {
    return (this.#lastVersion += 1);
  }
}

/** The size of a JSON-like value, estimated from its text. On the heap, runs take 1.3 to 1.5 times their text. */
export function bytesOf(value: unknown): number {
  return 3 * Buffer.byteLength(JSON.stringify(value));
}
