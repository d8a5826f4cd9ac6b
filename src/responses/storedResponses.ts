import { LRUCache } from 'lru-cache';
import type { Freshness, ReadSet } from '../core/readSet.ts';

/** An answer as it went over the wire, with what the door's log and metrics say of it. */
export interface StoredResponse {
  body: Buffer;
  contentType: string;
  operationName: string | null;
  operationType: string | null;
  reads: ReadSet;
}

/**
 * Answers kept as bytes. One is given out only while the cache would make the same of all that it was made from, so that it is
 * as fresh as one made anew, to the byte; who asks for it and how often is for others to judge, before.
 */
export interface StoredResponses {
  find(key: string): { answer: StoredResponse; freshness: Freshness } | null;
  /** The answer must be one without errors. */
  keep(key: string, answer: StoredResponse): void;
  /** Tells that an answer is being made, until the promise settles. */
  making(key: string, made: Promise<unknown>): void;
  isBeingMade(key: string): boolean;
}

/** What an entry, its read set and their places in maps weigh besides body and key, about. Bytes. */
const ENTRY_BYTES = 1000;
const READ_BYTES = 400;

/** @param maxBytes what all that is kept may weigh; with 0, nothing is kept */
export function createStoredResponses(maxBytes: number): StoredResponses {
  if (maxBytes === 0) return keepsNone;
  const beingMade = new Set<string>();
  const answers = new LRUCache<string, StoredResponse>({ maxSize: maxBytes });
  return {
    find(key) {
      const answer = answers.get(key);
      if (!answer) return null;
      const freshness = answer.reads.freshness();
      if (freshness !== null) return { answer, freshness };
      answers.delete(key);
      return null;
    },
    keep(key, answer) {
      const { body, reads } = answer;
      answers.set(key, answer, {
        size: ENTRY_BYTES + 2 * key.length + body.length + READ_BYTES * reads.actions.length,
      });
    },
    making(key, made) {
      const forget = () => beingMade.delete(key);
      beingMade.add(key);
      made.then(forget, forget);
    },
    isBeingMade: (key) => beingMade.has(key),
  };
}

const keepsNone: StoredResponses = {
  find: () => null,
  keep: () => undefined,
  making: () => undefined,
  isBeingMade: () => false,
};
