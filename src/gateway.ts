import { createHash } from 'node:crypto';
import type { Redis } from 'ioredis';
import { budgeted } from './quota/budgeted.ts';
import { type Budget, createBudget } from './quota/budget.ts';
import { limitedByCaller } from './quota/callerLimits.ts';
import { limitsFor } from './quota/presets.ts';
import { cached } from './cache/cached.ts';
import { createDemand } from './cache/demand.ts';
import type { Pace } from './cache/freshness.ts';
import { shared } from './cache/shared.ts';
import type { Config } from './config/config.ts';
import type { GatewayContext } from './graphql/context.ts';
import { createCostTally, createOperationCost } from './graphql/cost.ts';
import { type CredentialCheck, createCredentialCheck } from './upstream/credentialCheck.ts';
import type { OperationStart } from './graphql/context.ts';
import type { Health } from './http/operatorRoutes.ts';
import { startHttpServer } from './http/server.ts';
import { createSubscriptionSource } from './subscriptions/subscriptionSource.ts';
import type { SubscriptionSource } from './graphql/subscriptionSource.ts';
import { createExecution } from './graphql/execution.ts';
import { createLoaders } from './loaders/loaders.ts';
import { type Clock, createSteadyClock, systemClock } from './core/clock.ts';
import { createReadSet } from './core/readSet.ts';
import type { CacheView, CallContext, CallEvent, Upstream } from './core/upstream.ts';
import { createPageSizes, type PageSizes } from './loaders/pageSizes.ts';
import { createObservability } from './telemetry/observability.ts';
import { createOutputBudget } from './graphql/responseLimits.ts';
import { createQuotaProbe } from './quota/quotaProbe.ts';
import { createSchema } from './graphql/schema.ts';
import { createStaleParts } from './graphql/freshness.ts';
import { createLogger, type Logger } from './telemetry/logger.ts';
import { createClient } from './upstream/client.ts';
import type { CredentialSource } from './upstream/credentials.ts';
import { resilient } from './upstream/resilient.ts';

export interface Gateway {
  /** Where it listens, such as `http://127.0.0.1:4000`. */
  url: string;
  /** Lets requests in flight end, then stops. */
  close(): Promise<void>;
}

export interface GatewayParts {
  /** Warmed by the caller, so that a gateway without credentials does not start. */
  credential: CredentialSource;
  /** Default: the system's. */
  clock?: Clock;
  /** Default: errors alone, on standard output. */
  logger?: Logger;
  /** Whether to be ready only once DataWorks has accepted the credentials, which costs one call. Default: no. */
  checkCredentials?: boolean;
}

/** Composes the layers and starts the HTTP server. A failure leaves nothing running. */
export async function startGateway(config: Config, parts: GatewayParts): Promise<Gateway> {
  const closers: Closer[] = [];
  try {
    const url = await start(config, parts, closers);
    return { url, close: () => closeAll(closers) };
  } catch (error) {
    await closeAll(closers).catch(() => undefined);
    throw error;
  }
}

/** Ends one thing that the gateway has started. */
type Closer = () => void | Promise<void>;

/** The last started ends first, and one that fails does not keep the others from ending. Idempotent. */
async function closeAll(closers: Closer[]): Promise<void> {
  const errors: unknown[] = [];
  for (let close = closers.pop(); close !== undefined; close = closers.pop()) {
    await Promise.resolve()
      .then(close)
      .catch((error: unknown) => errors.push(error));
  }
  if (errors.length > 0) throw errors[0];
}

/** Returns the URL. What must be ended is in `closers` as soon as it is started, so that a failure leaves nothing behind. */
async function start(config: Config, parts: GatewayParts, closers: Closer[]): Promise<string> {
  const { credential, clock = systemClock } = parts;
  const steady = createSteadyClock(clock);
  const logger = parts.logger ?? createLogger('error');
  const redis = config.redisUrl === null ? null : await connect(config.redisUrl, logger);
  if (redis) closers.push(() => redis.disconnect());
  const identity = await identityOf(config, credential);
  const budget = createBudget({
    limits: limitsFor(config.budget.edition, config.budget.overrides),
    clock,
    steadyClock: steady,
    onExhaustion(nextProbeAt) {
      observability.quotaChanged(nextProbeAt);
      quotaProbe.start();
    },
    ...(redis && { shared: { redis, identity, replicas: config.replicas } }),
  });
  const observability = createObservability({
    logger,
    clock,
    budget: () => budget.snapshot(),
    live: () => subscriptions.counts(),
  });
  const client = createClient({ ...config.upstream, credential, clock: steady });
  const patient = resilient(budgeted(client, budget), {
    clock: steady,
    onBreakerChange: observability.breakerChanged,
  });
  const calls = {
    clock: steady,
    upstream: patient,
    timeoutMs: config.requestDeadlineMs,
    report: observability.background,
  };
  const quotaProbe = createQuotaProbe({
    ...calls,
    nextProbeAt() {
      const { nextProbeAt } = budget.snapshot();
      return nextProbeAt === null ? null : steady.fromWall(nextProbeAt);
    },
  });
  const credentialCheck = parts.checkCredentials
    ? createCredentialCheck({
        ...calls,
        isQuotaExhausted: () => budget.snapshot().dayLeft === 0,
        onChange: observability.credentialsChanged,
      })
    : null;
  closers.push(() => quotaProbe.stop());
  if (credentialCheck) closers.push(() => credentialCheck.stop());
  const background = (event: CallEvent) => {
    credentialCheck?.note(event);
    observability.background(event);
  };
  const { freshMs, staleMs } = config.cache;
  const paces = () => pacesOf(budget, clock);
  const demand = createDemand({ freshMs, clock: steady, paces });
  const common =
    redis && shared(patient, { redis, identity, clock: steady, staleMs, freshMs: () => demand.freshMs() });
  if (common) closers.push(() => common.close());
  const { upstream, view } = cached(limitedByCaller(common ?? patient, clock, steady), {
    ...config.cache,
    clock: steady,
    demand,
    paces,
    ...(common && { newestElsewhere: (key: string) => common.newestElsewhere(key) }),
    patienceMs: config.requestDeadlineMs,
    report: background,
  });
  const pageSizes = createPageSizes(config.pageSize, steady);
  const subscriptions = createSubscriptionSource(upstream, {
    clock: steady,
    limits: config.live.limits,
    get pageSize() {
      return pageSizes.sizeOf('ListPipelineRuns');
    },
    fastMs: freshMs,
    slowMs: config.live.idleMs,
    deadlineMs: config.requestDeadlineMs,
    report: background,
  });
  const isRedisAway = () =>
    redis !== null &&
    (redis.status !== 'ready' || common?.health() === 'down' || budget.snapshot().shared === 'fallback');
  const schema = createSchema((time) => steady.toWall(time));
  const server = await startHttpServer({
    ...config.http,
    schema,
    execute: createExecution({ compile: config.compiledQueries }),
    introspection: config.introspection,
    explorer: config.explorer,
    clock,
    steadyClock: steady,
    createContext: (start) =>
      createContext(
        { upstream, view, pageSizes, subscriptions, budget, config, clock: steady },
        watched(start, credentialCheck),
      ),
    report: observability.background,
    health: () => healthOf(credentialCheck, isRedisAway, budget.snapshot().nextProbeAt),
    metrics: config.metrics ? observability.scrape : null,
    observe: observability.observe,
    onBug: observability.bug,
    onUnusableFile: observability.unusableFile,
    onIssuerChange: observability.issuerChanged,
  });
  closers.push(() => server.close());
  return server.url;
}

interface Shared {
  upstream: Upstream;
  view: CacheView;
  pageSizes: PageSizes;
  subscriptions: SubscriptionSource;
  budget: Budget;
  config: Config;
  clock: Clock;
}

function createContext(
  { upstream, view, pageSizes, subscriptions, budget, config, clock }: Shared,
  { requestId, viewer, signal, report, traceparent = null, priority = 'interactive', turn }: OperationStart,
): GatewayContext {
  const tally = createCostTally();
  const reads = createReadSet();
  const call: CallContext = {
    reads,
    deadline: clock.now() + config.requestDeadlineMs,
    priority,
    caller: {
      id: viewer.callerId,
      maxCallsPerSecond: viewer.maxCallsPerSecond,
      maxCallsPerDay: viewer.maxCallsPerDay,
    },
    signal,
    traceparent: traceparent ?? undefined,
    report(event) {
      tally.note(event);
      report(event);
    },
  };
  const mayRead = (projectId: string) => viewer.mayRead(projectId);
  const loaders = createLoaders(turn ? inTurn(upstream, turn) : upstream, { view, pageSizes, mayRead }, call);
  const ceiling = viewer.maxOperationCalls ?? config.maxOperationCalls;
  const cost = createOperationCost({
    prices: loaders.prices,
    tally,
    ceiling,
    budget: viewer.may('budget') ? () => budget.snapshot() : null,
  });
  const output = createOutputBudget(config.http.limits.rows);
  return { requestId, viewer, loaders, subscriptions, cost, output, reads, staleParts: createStaleParts() };
}

/** The same upstream, whose answers arrive one turn of the event loop after another. */
function inTurn(upstream: Upstream, turn: () => Promise<void>): Upstream {
  return {
    async call(...args) {
      const answer = await upstream.call(...args);
      await turn();
      return answer;
    },
  };
}

/** Shows the check, too, what happens to an operation's calls. */
function watched(start: OperationStart, check: CredentialCheck | null): OperationStart {
  if (check === null) return start;
  return {
    ...start,
    report(event) {
      check.note(event);
      start.report(event);
    },
  };
}

function healthOf(
  check: CredentialCheck | null,
  isRedisAway: () => boolean,
  nextProbeAt: number | null,
): Health {
  const problem = check?.problem() ?? null;
  if (problem !== null) return { status: 'unavailable', reasons: [problem] };
  const reasons: string[] = [];
  if (isRedisAway()) {
    reasons.push('Redis unavailable: this replica uses its own cache and its share of the budget.');
  }
  if (nextProbeAt !== null) {
    const nextTryAt = new Date(nextProbeAt).toISOString();
    reasons.push(
      `DataWorks reports that the daily quota is used up. The next trial call is at ${nextTryAt}.`,
    );
  }
  return { status: reasons.length > 0 ? 'degraded' : 'ok', reasons };
}

/** Loads the Redis packages only where Redis is configured. */
async function connect(url: string, logger: Logger): Promise<Redis> {
  const { connectRedis } = await import('./core/redis.ts');
  return connectRedis(url, { onError: (reason) => logger.warn({ reason }, 'Redis unavailable.') });
}

/** Names the account and region where replicas share: the same for all of them, and nothing that can be read back. */
async function identityOf({ upstream, account }: Config, credential: CredentialSource): Promise<string> {
  // The key of a session changes with every refresh, so it can't tell whose it is: DATAWORKS_ACCOUNT must.
  const { accessKeyId, securityToken } = await credential.getCredential();
  const owner = account ?? (securityToken ? '' : (accessKeyId ?? ''));
  return createHash('sha256')
    .update(JSON.stringify([upstream.endpoint, owner]))
    .digest('hex')
    .slice(0, 32);
}

/** What is left of the allowances that the cache must stretch freshness for. */
function pacesOf(budget: Budget, clock: Clock): Pace[] {
  const { month, dayLeft, msUntilDayTurns } = budget.snapshot();
  const paces = [
    { left: dayLeft, untilTurnMs: msUntilDayTurns },
    { left: month.left, untilTurnMs: month.resetsAt - clock.now() },
  ];
  return paces.flatMap(({ left, untilTurnMs }) => (left === null ? [] : [{ left, untilTurnMs }]));
}
