import type { BudgetSnapshot } from '../core/quotaSnapshot.ts';
import type { Observe, RequestEnd } from '../core/observation.ts';
import type { OperatorError } from '../core/operatorError.ts';
import type { SubscriptionCounts } from '../core/observation.ts';
import type { Clock } from '../core/clock.ts';
import type { Action, CallEvent } from '../core/upstream.ts';
import type { Logger } from './logger.ts';
import { type BreakerState, createMetrics, type Levels, type Metrics } from './metrics.ts';
import { startTrace } from './traces.ts';

/** The one place that decides what becomes of the events that all layers report. */
export interface Observability {
  /** Follows a request to /graphql: a log line, a span, and its figures. */
  observe: Observe;
  /** For calls that no operation waits for. */
  background: (event: CallEvent) => void;
  breakerChanged: (action: Action, state: BreakerState) => void;
  /** DataWorks says that the day's quota is used up, and when it is asked again; null when it is not any more. */
  quotaChanged: (nextProbeAt: number | null) => void;
  credentialsChanged: (state: 'refused' | 'accepted') => void;
  bug: (error: unknown, requestId: string) => void;
  unusableFile: (error: OperatorError) => void;
  issuerChanged: (problem: string | null) => void;
  scrape: Metrics['scrape'];
}

export interface ObservabilityOptions {
  logger: Logger;
  clock: Clock;
  /** The budget as it is now. */
  budget: () => BudgetSnapshot;
  /** Subscriptions as they are now. */
  live: () => SubscriptionCounts;
}

export function createObservability({ logger, clock, budget, live }: ObservabilityOptions): Observability {
  const metrics = createMetrics(() => ({ ...levelsOf(budget()), live: live() }));
  return {
    observe({ requestId, headers }) {
      const startedAt = clock.monotonic();
      const span = startTrace(headers);
      const tally = createTally();
      return {
        traceparent: span.traceparent,
        report(event) {
          metrics.call(event);
          span.call(event);
          tally.count(event);
        },
        ended(end) {
          const durationMs = clock.monotonic() - startedAt;
          metrics.operation({ code: end.codes[0] ?? (end.aborted ? 'ABORTED' : 'OK'), durationMs });
          span.ended(end);
          logger.info(
            { requestId, ...lineOf(end, durationMs), ...tally.counts, traceId: span.traceId },
            'operation',
          );
        },
      };
    },
    background: (event) => metrics.call(event),
    breakerChanged(action, state) {
      metrics.breaker(action, state);
      logger.warn({ action, state }, `The circuit breaker of ${action} changed to ${state}.`);
    },
    quotaChanged(nextProbeAt) {
      if (nextProbeAt === null) logger.info('DataWorks accepts calls again: the daily quota is available.');
      else {
        const nextTryAt = new Date(nextProbeAt).toISOString();
        logger.warn(
          { nextTryAt },
          'DataWorks reports that the daily quota of this account is used up. Cached data is served as stale until a trial call succeeds.',
        );
      }
    },
    credentialsChanged(state) {
      if (state === 'accepted') logger.info('DataWorks accepts the credentials again.');
      else
        logger.error(
          'DataWorks refuses the credentials. Check the access key, its expiry and the system clock.',
        );
    },
    bug: (error, requestId) =>
      logger.error({ err: error, requestId }, 'The gateway met an error of its own.'),
    unusableFile: ({ problems }) =>
      logger.error({ problems }, 'A file has changed and can not be used: what it held before counts on.'),
    issuerChanged(problem) {
      if (problem === null) logger.info('The issuer of AUTH_JWKS_URL serves its keys again.');
      else
        logger.warn(
          { reason: problem },
          'The issuer of AUTH_JWKS_URL can not be asked for its keys: tokens are verified with the last keys that it served, for a day at most. Without any, they are refused with 503.',
        );
    },
    scrape: () => metrics.scrape(),
  };
}

function lineOf(end: RequestEnd, durationMs: number) {
  const { operationName, operationType, caller, httpStatus, codes, aborted } = end;
  return {
    operation: operationName,
    type: operationType,
    caller,
    status: httpStatus,
    durationMs: Math.round(durationMs * 10) / 10,
    // As many errors as rows can share a code.
    codes: [...new Set(codes)],
    ...(aborted && { aborted }),
  };
}

function createTally() {
  const counts = { upstreamCalls: 0, retries: 0, cache: { hit: 0, miss: 0, shared: 0, stale: 0 } };
  return {
    counts,
    count({ type }: CallEvent): void {
      if (type === 'attempt') counts.upstreamCalls += 1;
      else if (type === 'retry') counts.retries += 1;
      else if (type !== 'outcome' && type !== 'undecodable') counts.cache[type] += 1;
    },
  };
}

function levelsOf({ second, day, month, waiting, nextProbeAt }: BudgetSnapshot): Omit<Levels, 'live'> {
  const budgetLeft = Object.entries({ second, day, month }).flatMap(([window, { left }]) =>
    left === null ? [] : [[window, left] as const],
  );
  return {
    budgetLeft: Object.fromEntries(budgetLeft),
    waiting,
    isQuotaExhausted: nextProbeAt !== null,
  };
}
