import type { FastifyReply, FastifyRequest, onRequestHookHandler } from 'fastify';
import type { Admission } from '../core/admission.ts';
import type { HttpError } from '../core/errors.ts';
import type { Observe } from '../core/observation.ts';
import type { Viewer } from '../core/viewer.ts';
import { rejectRequest } from './connections.ts';
import { sendHttpError } from './httpErrors.ts';
import { NOBODY_WAITS } from './requestRecord.ts';
import type { RequestScheduler } from './requestScheduler.ts';

export interface AdmissionHookOptions {
  admission: Admission;
  scheduler: RequestScheduler;
  observe: Observe;
  isDraining: () => boolean;
  /** Whether browsers get Apollo Sandbox at /graphql. */
  explorer: boolean;
}

/** The `onRequest` hook of /graphql: observes a request, admits it and schedules it, before its body is read. */
export function createAdmissionHook(options: AdmissionHookOptions): onRequestHookHandler {
  const { admission, scheduler, observe, isDraining, explorer } = options;
  return (request, reply, done) => {
    observeRequest(request, reply, observe);
    if (isDraining()) return void sendHttpError(request, reply, shuttingDown);
    if (explorer && request.method === 'GET' && acceptsPage(request)) {
      const error = admission.countPage(request);
      if (error === null) done();
      else rejectRequest(request, reply, error);
      return;
    }
    const admitted = admission.admit(request, request.headers.authorization);
    if (admitted instanceof Promise) void admitted.then(schedule);
    else schedule(admitted);

    function schedule(result: Viewer | HttpError): void {
      if ('code' in result) return void rejectRequest(request, reply, result);
      request.record.viewer = result;
      scheduler.schedule((overloaded) => {
        if (overloaded !== null) sendHttpError(request, reply, overloaded);
        else if (!reply.raw.destroyed) done();
      });
    }
  };
}

const shuttingDown: HttpError = {
  code: 'SHUTTING_DOWN',
  message: 'The gateway is shutting down and accepts no new requests. Retry against another replica.',
  status: 503,
  retryAfterMs: 1000,
};

/** A browser cannot send a token for a page. The page holds no secrets, and its operations are admitted separately. */
function acceptsPage({ headers }: FastifyRequest): boolean {
  return headers.authorization === undefined && /\btext\/html\b/.test(headers.accept ?? '');
}

function observeRequest(
  { id, headers, record }: FastifyRequest,
  reply: FastifyReply,
  observe: Observe,
): void {
  const observation = observe({ requestId: id, headers });
  record.observation = observation;
  // Not Fastify's own signal, which fires as soon as the body is read.
  reply.raw.once('close', () => {
    record.controller?.abort(NOBODY_WAITS);
    const { operationName, operationType, codes, viewer } = record;
    observation.ended({
      operationName,
      operationType,
      codes,
      caller: viewer?.name ?? null,
      httpStatus: reply.statusCode,
      aborted: !reply.raw.writableFinished,
    });
  });
}
