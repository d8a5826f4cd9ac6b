import { propagation, ROOT_CONTEXT, type Span, SpanKind, SpanStatusCode, trace } from '@opentelemetry/api';
import type { CallEvent } from '../core/upstream.ts';
import { cut } from './bounds.ts';

export interface OperationTrace {
  /** The trace that the operation belongs to: the caller's, or one of ours; null where nobody traces. */
  traceId: string | null;
  /** What calls below pass on, as a W3C `traceparent`; null where nobody traces. */
  traceparent: string | null;
  call(event: CallEvent): void;
  ended(end: { operationName: string | null; operationType: string | null; codes: readonly string[] }): void;
}

export type Headers = Readonly<Record<string, string | string[] | undefined>>;

/**
 * A span for the operation and one for each upstream call, below the caller's span if it names one. Against the OpenTelemetry
 * API alone: while no SDK is registered these are empty calls.
 */
export function startTrace(headers: Headers): OperationTrace {
  const tracer = trace.getTracer('dataworks-graphql-gateway');
  const parent = propagation.extract(ROOT_CONTEXT, headers);
  const span = tracer.startSpan('graphql', { kind: SpanKind.SERVER }, parent);
  const traceparent = traceparentOf(span, headers);
  const traceId = traceparent?.split('-')[1] ?? null;
  if (!span.isRecording()) return { traceId, traceparent, ...unrecorded };
  const below = trace.setSpan(parent, span);

  return {
    traceId,
    traceparent,
    call(event) {
      if (event.type !== 'outcome') return;
      const { action, durationMs, error, requestId } = event;
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
  };
}

/** Kinds and codes are words of ours; messages stay out of traces. */
function fail(span: Span, word: string): void {
  span.setAttribute('error.type', word);
  span.setStatus({ code: SpanStatusCode.ERROR, message: word });
}

/** Of a trace that nobody collects. */
const unrecorded = { call: () => undefined, ended: () => undefined };

/** Our span's, or, without an SDK, the caller's as it came: a log line and a call can be found by it all the same. */
function traceparentOf(span: Span, { traceparent }: Headers): string | null {
  const { traceId, spanId, traceFlags } = span.spanContext();
  if (trace.isSpanContextValid(span.spanContext())) {
    return `00-${traceId}-${spanId}-${traceFlags.toString(16).padStart(2, '0')}`;
  }
  return typeof traceparent === 'string' && TRACEPARENT.test(traceparent) ? traceparent : null;
}

/** W3C Trace Context, version 00. */
const TRACEPARENT = /^00-(?!0{32})[0-9a-f]{32}-(?!0{16})[0-9a-f]{16}-[0-9a-f]{2}$/;
