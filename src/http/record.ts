import { setMaxListeners } from 'node:events';
import type { Viewer } from '../core/viewer.ts';
import type { ReadSet } from '../core/readSet.ts';
import type { RequestWatch } from '../core/observation.ts';

/** What the door knows of one request, filled as it goes on. */
export interface RequestRecord {
  /** Null until the caller has proved who they are, and on paths where nobody must. */
  viewer: Viewer | null;
  /** Null on paths other than /graphql. */
  watch: RequestWatch | null;
  /** The body as it came; null where there is none, or it is not JSON. */
  body: string | null;
  /** The operation that the body asks for, where it is known and was left unread. */
  knownOperation: string | null;
  operationName: string | null;
  operationType: string | null;
  /** Of the errors that the answer has. */
  codes: string[];
  /** What the answer is made from; null where it did not come so far. */
  reads: ReadSet | null;
  /** Aborted when nobody waits for the answer any more: it is out, its caller is gone, or its time is up. */
  signal(): AbortSignal;
  /** Aborts the signal, where anybody has asked for it. */
  abandon(): void;
}

declare module 'fastify' {
  interface FastifyRequest {
    record: RequestRecord;
  }
}

/** One for all: an error of its own, as a controller makes where it is given none, costs more than the rest of a request's record. */
const NOBODY_WAITS = new DOMException('Nobody waits for the answer any more.', 'AbortError');

export function newRecord(): RequestRecord {
  // Made when asked for: most answers are there before anybody has to be told that they are not waited for.
  let controller: AbortController | null = null;
  let isAbandoned = false;
  return {
    viewer: null,
    watch: null,
    body: null,
    knownOperation: null,
    operationName: null,
    operationType: null,
    codes: [],
    reads: null,
    signal() {
      controller ??= new AbortController();
      // An operation of many calls is no leak.
      setMaxListeners(0, controller.signal);
      if (isAbandoned) controller.abort(NOBODY_WAITS);
      return controller.signal;
    },
    abandon() {
      isAbandoned = true;
      controller?.abort(NOBODY_WAITS);
    },
  };
}
