import { LRUCache } from 'lru-cache';
import type { Trouble } from './serve.ts';

/** What is known under one key. */
export interface Entry<Value = unknown> {
  value: Value;
  /** Epoch milliseconds at which the value was last known true. */
  asOf: number;
  trouble: Trouble | null;
}

/** A map bounded in bytes: what has gone unused for longest goes first. Safe to drop anything from at any time. */
export interface Memory {
  get(key: string): Entry | undefined;
  /** As `get`, without counting as use. */
  peek(key: string): Entry | undefined;
  /** Something that weighs more than all that may be kept is not kept. */
  set(key: string, entry: Entry, bytes: number): void;
  readonly bytes: number;
  readonly entries: number;
}

/*
 * Weights are what the process grows by, about: twice what a thing takes on the heap, as V8 lets the garbage of what was dropped
 * pile up to a multiple of what is kept.
 */

/** What a key, an entry and their places in the maps weigh besides the value. */
const ENTRY_OVERHEAD_BYTES = 800;

export function createMemory(maxBytes: number): Memory {
  const entries = new LRUCache<string, Entry>({ maxSize: maxBytes });
  return {
    get: (key) => entries.get(key),
    peek: (key) => entries.peek(key),
    set(key, entry, bytes) {
      entries.set(key, entry, { size: ENTRY_OVERHEAD_BYTES + 4 * key.length + Math.ceil(bytes) });
    },
    get bytes() {
      return entries.calculatedSize;
    },
    get entries() {
      return entries.size;
    },
  };
}

/** What a JSON-like value weighs, reckoned from its text: on the heap, runs were measured at 1.3 to 1.5 times that. */
export function bytesOf(value: unknown): number {
  return 3 * Buffer.byteLength(JSON.stringify(value));
}
