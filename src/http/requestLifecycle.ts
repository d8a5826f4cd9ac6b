import type { FastifyReply, FastifyRequest, onRequestHookHandler } from 'fastify';
import type { Admission } from '../core/admission.ts';
import { type HttpError, shuttingDown } from '../core/errors.ts';
import type { Observe, RequestEnd, RequestObservation } from '../core/observation.ts';
import type { ReadSet } from '../core/readSet.ts';
import type { Viewer } from '../core/viewer.ts';
import type { UpgradableRequest } from '../subscriptions/upgrade.ts';
import { rejectRequest } from './connections.ts';
import { sendHttpError } from './httpErrors.ts';
import type { RequestScheduler } from './requestScheduler.ts';

/** What is known of a request to /graphql. Filled while the request is processed. */
export interface RequestRecord extends Pick<RequestEnd, 'operationName' | 'operationType' | 'codes'> {
  observation: RequestObservation;
  /** Null before admission, and for a page. */
  viewer: Viewer | null;
  /** What the response is made from; null before execution. */
  reads: ReadSet | null;
  /** Aborted when nobody waits for the response any more. Null before execution. */
  controller: AbortController | null;
}

declare module 'fastify' {
  interface FastifyRequest {
    /** Null on paths other than /graphql. */
    record: RequestRecord | null;
    /** The text of a JSON body; null for all other bodies. */
    jsonBody: string | null;
  }
}

/** A request behind the admission hook. */
export type AdmittedRequest = FastifyRequest & { record: RequestRecord };

/** The reason to abort a request. Shared: without a reason, every controller would create an error with a stack. */
export const NOBODY_WAITS = new DOMException('Nobody waits for the response any more.', 'AbortError');

export interface AdmissionHookOptions {
  admission: Admission;
  scheduler: RequestScheduler;
  observe: Observe;
  /** Aborted when the server closes. */
  draining: AbortSignal;
  /** Whether browsers get Apollo Sandbox at /graphql. */
  explorer: boolean;
}

/** The `onRequest` hook of /graphql: observes a request, admits it and schedules it, before its body is read. */
export function createAdmissionHook(options: AdmissionHookOptions): onRequestHookHandler {
  const { admission, scheduler, observe, draining, explorer } = options;
  const admitPage = createPageHook(admission);
  return (request, reply, done) => {
    const { id, headers, raw } = request;
    const { upgradeError } = raw as Partial<UpgradableRequest>;
    if (upgradeError) {
      return void sendHttpError(request, reply.header('connection', 'close'), upgradeError);
    }
    const observation = observe({ requestId: id, headers });
    const record: RequestRecord = {
      observation,
      viewer: null,
      operationName: null,
      operationType: null,
      codes: [],
      reads: null,
      controller: null,
    };
    request.record = record;
    // Not Fastify's own signal, which fires as soon as the body is read.
    reply.raw.once('close', () => {
      record.controller?.abort(NOBODY_WAITS);
      observation.ended({
        operationName: record.operationName,
        operationType: record.operationType,
        codes: record.codes,
        caller: record.viewer?.name ?? null,
        httpStatus: reply.statusCode,
        aborted: !reply.raw.writableFinished,
      });
    });
    if (draining.aborted) return void sendHttpError(request, reply, shuttingDown);
    if (explorer && request.method === 'GET' && acceptsPage(request)) {
      admitPage(request, reply, done);
      return;
    }
    const admitted = admission.admit(request, headers.authorization);
    if (admitted instanceof Promise) void admitted.then(schedule);
    else schedule(admitted);

    function schedule(result: Viewer | HttpError): void {
      if ('code' in result) return void rejectRequest(request, reply, result);
      record.viewer = result;
      scheduler.schedule((overloaded) => {
        if (overloaded !== null) sendHttpError(request, reply, overloaded);
        else if (!reply.raw.destroyed) done();
      });
    }
  };
}

/** Returns the `onRequest` hook of pages, which need no token. */
export function createPageHook(admission: Admission) {
  return (request: FastifyRequest, reply: FastifyReply, done: () => void): void => {
    const error = admission.countPage(request);
    if (error === null) done();
    else rejectRequest(request, reply, error);
  };
}

/** A browser cannot send a token for a page. The page holds no secrets, and its operations are admitted separately. */
function acceptsPage({ headers }: FastifyRequest): boolean {
  return headers.authorization === undefined && /\btext\/html\b/.test(headers.accept ?? '');
}
