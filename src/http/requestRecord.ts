import type { RequestObservation } from '../core/observation.ts';
import type { ReadSet } from '../core/readSet.ts';
import type { Viewer } from '../core/viewer.ts';

/** What is known of one request. Filled while the request is processed. */
export interface RequestRecord {
  /** Null before admission, and on paths without one. */
  viewer: Viewer | null;
  /** Null on paths other than /graphql. */
  observation: RequestObservation | null;
  /** The text of a JSON body; null for all other bodies. */
  jsonBody: string | null;
  operationName: string | null;
  operationType: string | null;
  /** The codes of the response's errors. */
  codes: string[];
  /** What the response is made from; null before execution. */
  reads: ReadSet | null;
  /** Aborted when nobody waits for the response any more. Null before execution. */
  controller: AbortController | null;
}

declare module 'fastify' {
  interface FastifyRequest {
    record: RequestRecord;
  }
}

/** The reason to abort a request. Shared: without a reason, every controller would create an error with a stack. */
export const NOBODY_WAITS = new DOMException('Nobody waits for the response any more.', 'AbortError');

export function createRequestRecord(): RequestRecord {
  return {
    viewer: null,
    observation: null,
    jsonBody: null,
    operationName: null,
    operationType: null,
    codes: [],
    reads: null,
    controller: null,
  };
}
