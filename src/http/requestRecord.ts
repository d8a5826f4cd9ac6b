import { setMaxListeners } from 'node:events';
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
  /** Fires when nobody waits for the response any more: it is sent, its caller has disconnected, or the deadline is over. */
  signal(): AbortSignal;
  abort(): void;
}

declare module 'fastify' {
  interface FastifyRequest {
    record: RequestRecord;
  }
}

/** Shared: without a reason, every controller would create an error with a stack. */
const NOBODY_WAITS = new DOMException('Nobody waits for the response any more.', 'AbortError');

export function createRequestRecord(): RequestRecord {
  let controller: AbortController | null = null;
  let isAborted = false;
  return {
    viewer: null,
    observation: null,
    jsonBody: null,
    operationName: null,
    operationType: null,
    codes: [],
    reads: null,
    signal() {
      controller ??= new AbortController();
      // Each call of an operation adds a listener.
      setMaxListeners(0, controller.signal);
      if (isAborted) controller.abort(NOBODY_WAITS);
      return controller.signal;
    },
    abort() {
      isAborted = true;
      controller?.abort(NOBODY_WAITS);
    },
  };
}
