import { propagation, ROOT_CONTEXT, type Span, SpanKind, SpanStatusCode, trace } from '@opentelemetry/api';
import type { RequestEnd, RequestStart } from '../core/observation.ts';
import type { CallEvent } from '../core/upstream.ts';
import { cut } from './logger.ts';

export interface OperationTrace {
  /** The id of the caller's trace, or of a new one; null without tracing. */
  traceId: string | null;
  /** The W3C `traceparent` for upstream calls; null without tracing. */
  traceparent: string | null;
  /** Records spans; null if no SDK is registered or the trace is not sampled. */
  recorder: { call(outcome: CallOutcome): void; ended(end: RequestEnd): void } | null;
}

type CallOutcome = Extract<CallEvent, { type: 'outcome' }>;

export const UNTRACED: OperationTrace = { traceId: null, traceparent: null, recorder: null };

/** W3C Trace Context, version 00. */
const TRACEPARENT = /^00-(?!0{32})[0-9a-f]{32}-(?!0{16})[0-9a-f]{16}-[0-9a-f]{2}$/;

/** Starts a span for the operation, with one child for each upstream call, below the caller's span if it sends one. */
export function startTrace(headers: RequestStart['headers']): OperationTrace {
  const tracer = trace.getTracer('dataworks-graphql-gateway');
  const parent = propagation.extract(ROOT_CONTEXT, headers);
  const span = tracer.startSpan('graphql', { kind: SpanKind.SERVER }, parent);
  const { traceId, spanId, traceFlags } = span.spanContext();
  if (!trace.isSpanContextValid(span.spanContext())) {
    // Without an SDK, the log line and the calls still carry the caller's trace.
    const { traceparent } = headers;
    const isValid = typeof traceparent === 'string' && TRACEPARENT.test(traceparent);
    return isValid ? { traceId: traceparent.slice(3, 35), traceparent, recorder: null } : UNTRACED;
  }
  const traceparent = `00-${traceId}-${spanId}-${traceFlags.toString(16).padStart(2, '0')}`;
  if (!span.isRecording()) return { traceId, traceparent, recorder: null };
  const below = trace.setSpan(parent, span);

  return {
    traceId,
    traceparent,
    recorder: {
      call({ action, durationMs, error, requestId }) {
        const endTime = Date.now();
        const attributes = {
          'rpc.system': 'dataworks',
          'rpc.method': action,
          ...(requestId !== null && { 'dataworks.request_id': cut(requestId) }),
        };
        const startTime = endTime - durationMs;
        const call = tracer.startSpan(action, { kind: SpanKind.CLIENT, startTime, attributes }, below);
        if (error) fail(call, error.kind);
        call.end(endTime);
      },
      ended({ operationName, operationType, codes }) {
        if (operationType !== null) {
          span.updateName(operationType);
          span.setAttribute('graphql.operation.type', operationType);
        }
        if (operationName !== null) span.setAttribute('graphql.operation.name', cut(operationName));
        if (codes[0] !== undefined) fail(span, codes[0]);
        span.end();
      },
    },
  };
}

/** Only kinds and codes: messages can hold data of callers. */
function fail(span: Span, code: string): void {
  span.setAttribute('error.type', code);
  span.setStatus({ code: SpanStatusCode.ERROR, message: code });
}
