import { LRUCache } from 'lru-cache';
import type { StaleReason } from '../model.ts';

/** What is known under one key. */
export interface Entry<Value = unknown> {
  value: Value;
  /** Epoch milliseconds at which the value was last known true. */
  asOf: number;
  /** Why the last try to refresh it failed, and until when (epoch milliseconds) no other is made. */
  trouble: { because: StaleReason; until: number } | null;
}

/** A map bounded in bytes: what has gone unused for longest goes first. Safe to drop anything from at any time. */
export interface Memory {
  get(key: string): Entry | undefined;
  set(key: string, entry: Entry, bytes: number): void;
  delete(key: string): void;
  readonly bytes: number;
  readonly entries: number;
}

/** What a key, an entry and their places in the maps weigh besides the value. */
const ENTRY_OVERHEAD_BYTES = 400;

export function createMemory(maxBytes: number): Memory {
  const entries = new LRUCache<string, Entry>({ maxSize: maxBytes });
  return {
    get: (key) => entries.get(key),
    set(key, entry, bytes) {
      entries.set(key, entry, { size: ENTRY_OVERHEAD_BYTES + 2 * key.length + bytes });
    },
    delete: (key) => void entries.delete(key),
    get bytes() {
      return entries.calculatedSize;
    },
    get entries() {
      return entries.size;
    },
  };
}

/** About what a JSON-like value weighs on the heap: measured at two to three times its text, as objects have headers. */
export function bytesOf(value: unknown): number {
  return 3 * JSON.stringify(value).length;
}
