import { setMaxListeners } from 'node:events';
import type { Viewer } from '../context.ts';
import type { RequestWatch } from './observation.ts';

/** What the door knows of one request, filled as it goes on. */
export interface RequestRecord {
  /** Null until the caller has proved who they are, and on paths where nobody must. */
  viewer: Viewer | null;
  /** Null on paths other than /graphql. */
  watch: RequestWatch | null;
  operationName: string | null;
  operationType: string | null;
  /** Of the errors that the answer has. */
  codes: string[];
  /** Aborted when nobody waits for the answer any more: it is out, its caller is gone, or its time is up. */
  gone: AbortController;
}

declare module 'fastify' {
  interface FastifyRequest {
    record: RequestRecord;
  }
}

export function newRecord(): RequestRecord {
  const gone = new AbortController();
  // An operation of many calls is no leak.
  setMaxListeners(0, gone.signal);
  return {
    viewer: null,
    watch: null,
    operationName: null,
    operationType: null,
    codes: [],
    gone,
  };
}
