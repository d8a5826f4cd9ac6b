import type { Clock } from '../core/clock.ts';
import type { CallCounts, RequestObservation, RequestStart } from '../core/observation.ts';
import type { OperatorError } from '../core/operatorError.ts';
import type { Action, CallEvent } from '../core/upstream.ts';
import type { Logger } from './logger.ts';
import { type BreakerState, createMetrics, type Levels } from './metrics.ts';
import { type OperationTrace, startTrace, UNTRACED } from './traces.ts';

export type Observability = ReturnType<typeof createObservability>;

export interface ObservabilityOptions extends Levels {
  logger: Logger;
  clock: Clock;
  /** Whether every operation starts a trace. Otherwise only those with a `traceparent` header do. */
  tracing: boolean;
}

/** Turns the events that other layers report into log lines, metrics and spans. */
export function createObservability({ logger, clock, tracing, ...levels }: ObservabilityOptions) {
  const metrics = createMetrics(levels);
  let areCredentialsRejected = false;
  const unread = { upstreamCalls: 0, retries: 0, cache: { hit: 0, miss: 0, shared: 0, stale: 0 } };

  return {
    /** Follows a request to /graphql. */
    observe: ({ requestId, headers }: RequestStart): RequestObservation => {
      const startedAt = clock.monotonic();
      const { traceId, traceparent, recorder } =
        tracing || headers['traceparent'] !== undefined ? startTrace(headers) : UNTRACED;
      const counts = { upstreamCalls: 0, retries: 0, cache: { hit: 0, miss: 0, shared: 0, stale: 0 } };
      return {
        traceparent,
        counts,
        report: count.bind(null, counts, recorder),
        ended(end) {
          const durationMs = clock.monotonic() - startedAt;
          const { codes, aborted } = end;
          metrics.operations.observe({ code: codes[0] ?? (aborted ? 'ABORTED' : 'OK') }, durationMs / 1000);
          recorder?.ended(end);
          const line = {
            requestId,
            operation: end.operationName,
            type: end.operationType,
            caller: end.caller,
            status: end.httpStatus,
            durationMs: Math.round(durationMs * 10) / 10,
            // Every row can have an error with the same code.
            codes: [...new Set(codes)],
            ...(aborted && { aborted }),
            ...counts,
            traceId,
          };
          logger.info(line, 'operation');
        },
      };
    },
    /** For calls that no operation waits for. */
    background: count.bind(null, unread, null),
    scrape: metrics.scrape,
    breakerChanged: (action: Action, state: BreakerState): void => {
      metrics.setBreaker(action, state);
      logger.warn({ action, state }, `The circuit breaker of ${action} changed to ${state}.`);
    },
    /** @param nextProbeAt the time of the next trial call once the daily quota is used up; null once calls succeed again */
    quotaChanged: (nextProbeAt: number | null): void => {
      if (nextProbeAt === null) logger.info('DataWorks accepts calls again: the daily quota is available.');
      else {
        logger.warn(
          { nextTryAt: new Date(nextProbeAt).toISOString() },
          'DataWorks reports that the daily quota of this account is used up. Cached data is served as stale until a trial call succeeds.',
        );
      }
    },
    /** @param problem why DataWorks does not accept the credentials; null if it does */
    credentialsChanged(problem: string | null): void {
      if (problem !== null) logger.error(`${problem} Check the access key, its expiry and the system clock.`);
      else if (areCredentialsRejected) logger.info('DataWorks accepts the credentials again.');
      areCredentialsRejected = problem !== null;
    },
    bug: (error: unknown, requestId: string): void =>
      logger.error({ err: error, requestId }, 'Internal server error.'),
    unusableFile: ({ problems }: OperatorError): void =>
      logger.error({ problems }, 'A changed file is invalid. Its previous content stays in use.'),
    /** @param problem what prevents the key set of AUTH_JWKS_URL from being read; null once it is readable again */
    issuerChanged(problem: string | null): void {
      if (problem === null) logger.info('The key set of AUTH_JWKS_URL is available again.');
      else
        logger.warn(
          { reason: problem },
          'The key set of AUTH_JWKS_URL is unavailable. Tokens are verified with the last known keys for at most a day; without known keys they are rejected with 503.',
        );
    },
  };

  /** Counts an event for its operation and in the metrics of its action. */
  function count(counts: CallCounts, recorder: OperationTrace['recorder'], event: CallEvent): void {
    const { action } = event;
    switch (event.type) {
      case 'attempt':
        counts.upstreamCalls += 1;
        break;
      case 'retry':
        counts.retries += 1;
        metrics.retries.inc({ action, kind: event.kind });
        break;
      case 'outcome': {
        const outcome = event.error?.kind ?? 'ok';
        metrics.upstreamCalls.observe({ action, outcome }, event.durationMs / 1000);
        recorder?.call(event);
        break;
      }
      case 'undecodable':
        metrics.undecodable.inc({ action, what: event.what }, event.count);
        break;
      case 'hit':
      case 'miss':
      case 'shared':
      case 'stale':
        counts.cache[event.type] += 1;
        metrics.cacheResults.inc({ action, result: event.type });
    }
  }
}
