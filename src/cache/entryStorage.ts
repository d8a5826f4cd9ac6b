import type { Entries, Entry } from './entries.ts';
import type { EntryStorage } from './entryCache.ts';
import { bytesOf } from './sizes.ts';

/** Stores each value under its key. */
export function createEntryStorage<Params, Value>(
  entries: Entries,
  keyOf: (params: Params) => string,
  lastingMs: (value: Value) => number | null,
): EntryStorage<Params, Value> {
  const peek = (params: Params) => (entries.peek(keyOf(params)) ?? null) as Entry<Value> | null;
  return {
    peek,
    use: (params) => entries.use(keyOf(params)),
    store(params, value, asOf, failure) {
      const entry = { value, asOf, failure, lastingMs: lastingMs(value), bytes: bytesOf(value) };
      entries.store(keyOf(params), entry);
    },
    fail(params, failure) {
      const known = peek(params);
      if (known) known.failure = failure;
    },
  };
}
