import type { Observe, SubscriptionCounts } from '../core/observation.ts';
import type { OperatorError } from '../core/operatorError.ts';
import type { QuotaSnapshot } from '../core/quotaSnapshot.ts';
import type { Clock } from '../core/clock.ts';
import type { Action, CallEvent } from '../core/upstream.ts';
import type { Logger } from './logger.ts';
import { type BreakerState, createMetrics, type Metrics } from './metrics.ts';
import { startTrace } from './traces.ts';

/** Turns the events that other layers report into log lines, metrics and spans. */
export interface Observability {
  /** Follows a request to /graphql. */
  observe: Observe;
  /** For calls that no operation waits for. */
  background: (event: CallEvent) => void;
  breakerChanged: (action: Action, state: BreakerState) => void;
  /** The time of the next trial call once DataWorks reports a used up daily quota; null once calls succeed again. */
  quotaChanged: (nextProbeAt: number | null) => void;
  /** Why DataWorks does not accept the credentials; null if it does. */
  credentialsChanged: (problem: string | null) => void;
  bug: (error: unknown, requestId: string) => void;
  unusableFile: (error: OperatorError) => void;
  /** What prevents the key set of AUTH_JWKS_URL from being read; null once it is readable again. */
  issuerChanged: (problem: string | null) => void;
  scrape: Metrics['scrape'];
}

export interface ObservabilityOptions {
  logger: Logger;
  clock: Clock;
  /** The current quota. */
  quota: () => QuotaSnapshot;
  /** The current number of subscriptions. */
  live: () => SubscriptionCounts;
}

export function createObservability({ logger, clock, quota, live }: ObservabilityOptions): Observability {
  const metrics = createMetrics({ quota, live });
  return {
    observe({ requestId, headers }) {
      const startedAt = clock.monotonic();
      const { traceId, traceparent, recorder } = startTrace(headers);
      const counts = { upstreamCalls: 0, retries: 0, cache: { hit: 0, miss: 0, shared: 0, stale: 0 } };
      return {
        traceparent,
        report(event) {
          metrics.call(event);
          recorder?.call(event);
          const { type } = event;
          if (type === 'attempt') counts.upstreamCalls += 1;
          else if (type === 'retry') counts.retries += 1;
          else if (type !== 'outcome' && type !== 'undecodable') counts.cache[type] += 1;
        },
        ended(end) {
          const durationMs = clock.monotonic() - startedAt;
          const { codes, aborted } = end;
          metrics.operation(codes[0] ?? (aborted ? 'ABORTED' : 'OK'), durationMs);
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
    background: (event) => metrics.call(event),
    scrape: () => metrics.scrape(),
    breakerChanged(action, state) {
      metrics.breaker(action, state);
      logger.warn({ action, state }, `The circuit breaker of ${action} changed to ${state}.`);
    },
    ...createStateLog(logger),
  };
}

/** Changes of state that operators must know or act on. */
function createStateLog(
  logger: Logger,
): Pick<Observability, 'quotaChanged' | 'credentialsChanged' | 'bug' | 'unusableFile' | 'issuerChanged'> {
  let areCredentialsRejected = false;
  return {
    quotaChanged(nextProbeAt) {
      if (nextProbeAt === null) logger.info('DataWorks accepts calls again: the daily quota is available.');
      else {
        logger.warn(
          { nextTryAt: new Date(nextProbeAt).toISOString() },
          'DataWorks reports that the daily quota of this account is used up. Cached data is served as stale until a trial call succeeds.',
        );
      }
    },
    credentialsChanged(problem) {
      if (problem !== null) logger.error(`${problem} Check the access key, its expiry and the system clock.`);
      else if (areCredentialsRejected) logger.info('DataWorks accepts the credentials again.');
      areCredentialsRejected = problem !== null;
    },
    bug: (error, requestId) => logger.error({ err: error, requestId }, 'Internal server error.'),
    unusableFile: ({ problems }) =>
      logger.error({ problems }, 'A changed file is invalid. Its previous content stays in use.'),
    issuerChanged(problem) {
      if (problem === null) logger.info('The key set of AUTH_JWKS_URL is available again.');
      else
        logger.warn(
          { reason: problem },
          'The key set of AUTH_JWKS_URL is unavailable. Tokens are verified with the last known keys for at most a day; without known keys they are rejected with 503.',
        );
    },
  };
}
