import { LRUCache } from 'lru-cache';
import type { Freshness, ReadSet } from '../core/readSet.ts';

/** A response as it was sent, with what log and metrics need to know of it. */
export interface StoredResponse {
  body: Buffer;
  contentType: string;
  operationName: string | null;
  operationType: string | null;
  reads: ReadSet;
}

/** Responses by key. A response is valid while everything that it was made from is unchanged and fresh. */
export interface StoredResponses {
  find(key: string): { response: StoredResponse; freshness: Freshness } | null;
  /** @param response one without errors */
  store(key: string, response: StoredResponse): void;
}

/** Approximate memory of an entry besides body and key, and of each call that it was made from. */
const ENTRY_BYTES = 1000;
const READ_BYTES = 400;

/** @param maxBytes memory of all responses; 0 stores none */
export function createStoredResponses(maxBytes: number): StoredResponses {
  if (maxBytes === 0) return disabled;
  const responses = new LRUCache<string, StoredResponse>({ maxSize: maxBytes });
  return {
    find(key) {
      const response = responses.get(key);
      if (response === undefined) return null;
      const freshness = response.reads.freshness();
      if (freshness !== null) return { response, freshness };
      responses.delete(key);
      return null;
    },
    store(key, response) {
      const { body, reads } = response;
      const size = ENTRY_BYTES + 2 * key.length + body.length + READ_BYTES * reads.actions.length;
      responses.set(key, response, { size });
    },
  };
}

const disabled: StoredResponses = { find: () => null, store: () => undefined };
