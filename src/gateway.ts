import { healthOf } from './health.ts';
import type { Redis } from 'ioredis';
import { withQuota } from './quota/withQuota.ts';
import { createQuota } from './quota/quota.ts';
import { withCallerLimits } from './quota/withCallerLimits.ts';
import { limitsFor } from './quota/presets.ts';
import type { CacheOptions } from './cache/core.ts';
import { withCache } from './cache/withCache.ts';
import { createDemand } from './cache/demand.ts';
import { createRedisTier, withSharedCache } from './cache/withSharedCache.ts';
import type { Config } from './config/config.ts';
import {
  CREDENTIALS_UNVERIFIED,
  type CredentialCheckOptions,
  withCredentialCheck,
} from './upstream/withCredentialCheck.ts';
import { startHttpServer } from './http/server.ts';
import { type ContextOptions, createRequestContext } from './graphql/context.ts';
import { createExecution } from './graphql/execution.ts';
import { createSchema } from './graphql/schema.ts';
import { createSubscriptionSource } from './subscriptions/subscriptionSource.ts';
import { type Clock, createSteadyClock, systemClock } from './core/clock.ts';
import { createListMemory } from './loaders/list.ts';
import { createObservability } from './telemetry/observability.ts';
import { startQuotaProbe } from './quota/startQuotaProbe.ts';
import { createLogger, type Logger } from './telemetry/logger.ts';
import { createClient } from './upstream/client.ts';
import { accountIdentity, type CredentialSource } from './upstream/credentials.ts';
import { withRetries } from './upstream/withRetries.ts';

export interface Gateway {
  /** Where it listens, such as `http://127.0.0.1:4000`. */
  url: string;
  /** Lets requests in flight end, then stops. */
  close(): Promise<void>;
}

interface GatewayParts {
  /** Warmed by the caller, so that a gateway without credentials does not start. */
  credential: CredentialSource;
  /** Default: the system's. */
  clock?: Clock;
  /** Default: errors alone, on standard output. */
  logger?: Logger;
  /**
   * Whether every operation starts a trace. True if `startTracing` has registered its SDK. Otherwise only operations with a
   * `traceparent` header start one. Default: no.
   */
  tracing?: boolean;
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

/** Returns the URL. Adds each resource to `closers` as soon as it is started, so that a failure leaves nothing running. */
async function start(config: Config, parts: GatewayParts, closers: Closer[]): Promise<string> {
  const { credential, clock: wallClock = systemClock, tracing = false, checkCredentials = false } = parts;
  const { logger = createLogger('error') } = parts;
  const clock = createSteadyClock(wallClock);
  const identity = await accountIdentity(config.upstream.endpoint, config.account, credential);
  const redis = config.redisUrl === null ? null : await connect(config.redisUrl, logger);
  if (redis) closers.push(() => redis.disconnect());
  const closing = new AbortController();
  closers.push(() => closing.abort());
  let credentialProblem = checkCredentials ? CREDENTIALS_UNVERIFIED : null;
  let issuerProblem: string | null = null;

  const quota = createQuota({
    limits: limitsFor(config.quota.edition, config.quota.overrides),
    clock: wallClock,
    steadyClock: clock,
    ...(redis && { shared: { redis, identity, replicas: config.replicas } }),
  });
  const observability = createObservability({
    logger,
    clock: wallClock,
    tracing,
    quota: () => quota.snapshot(),
    live: () => subscriptions.counts(),
  });
  quota.onExhaustion(observability.quotaChanged);
  const { freshMs, staleMs, maxBytes } = config.cache;
  const demand = createDemand({ freshMs, staleMs, clock, allowances: quota.allowances });
  const redisTier = redis && createRedisTier({ redis, identity, clock, demand });
  if (redisTier) closers.push(() => redisTier.close());
  const background = {
    clock,
    timeoutMs: config.requestDeadlineMs,
    signal: closing.signal,
    report: observability.background,
  };

  const client = createClient({ ...config.upstream, credential, clock });
  const retryOptions = { clock, onBreakerChange: observability.breakerChanged };
  const checkOptions: CredentialCheckOptions = {
    ...background,
    isEnabled: checkCredentials,
    isQuotaExhausted: () => quota.snapshot().dayLeft === 0,
    onChange(problem) {
      credentialProblem = problem;
      observability.credentialsChanged(problem);
    },
  };
  const clocks = { clock: wallClock, steadyClock: clock };
  const cacheOptions: CacheOptions = {
    clock,
    demand,
    maxBytes,
    newestElsewhere: redisTier && ((key) => redisTier.newestElsewhere(key)),
    patienceMs: config.requestDeadlineMs,
    report: observability.background,
  };

  // A call passes these layers from `withCache` down to the client. Each wraps the next one and is an `Upstream` itself.
  const retried = withRetries(withQuota(client, quota), retryOptions);
  startQuotaProbe(retried, quota, background);
  const { upstream, view } = withCache(
    withCallerLimits(withSharedCache(withCredentialCheck(retried, checkOptions), redisTier), clocks),
    cacheOptions,
  );

  const memory = createListMemory(config.pageSize, clock);
  const subscriptions = createSubscriptionSource(upstream, {
    clock,
    limits: config.live.limits,
    pageSize: () => memory.sizeOf('ListPipelineRuns'),
    fastMs: freshMs,
    slowMs: config.live.idleMs,
    deadlineMs: config.requestDeadlineMs,
    report: observability.background,
  });
  const contextOptions: ContextOptions = {
    upstream,
    view,
    memory,
    subscriptions,
    quota: () => quota.snapshot(),
    clock,
    deadlineMs: config.requestDeadlineMs,
    maxOperationCalls: config.maxOperationCalls,
    maxObjects: config.http.limits.rows,
  };
  const server = await startHttpServer({
    ...config.http,
    schema: createSchema(clock.toWall),
    execute: createExecution({ compile: config.compiledQueries }),
    introspection: config.introspection,
    explorer: config.explorer,
    clock: wallClock,
    steadyClock: clock,
    createContext: createRequestContext.bind(null, contextOptions),
    report: observability.background,
    health: () =>
      healthOf({
        credentialProblem,
        issuerProblem,
        isRedisUnavailable: redisTier?.isUnavailable() === true || quota.snapshot().shared === 'fallback',
        nextProbeAt: quota.snapshot().nextProbeAt,
      }),
    metrics: config.metrics ? observability.scrape : null,
    observe: observability.observe,
    onBug: observability.bug,
    onUnusable: observability.unusableFile,
    onIssuerChange(problem) {
      issuerProblem = problem;
      observability.issuerChanged(problem);
    },
  });
  closers.push(() => server.close());
  return server.url;
}

/** Loads the Redis packages only where Redis is configured. */
async function connect(url: string, logger: Logger): Promise<Redis> {
  const { connectRedis } = await import('./core/redis.ts');
  return connectRedis(url, (reason) => logger.warn({ reason }, 'Redis unavailable.'));
}

type Closer = () => void | Promise<void>;

/** Closes what has been started, the last one first. Closes the rest if one fails, then rejects with the first error. */
async function closeAll(closers: Closer[]): Promise<void> {
  const errors: unknown[] = [];
  for (let close = closers.pop(); close !== undefined; close = closers.pop()) {
    try {
      await close();
    } catch (error) {
      errors.push(error);
    }
  }
  if (errors.length > 0) throw errors[0];
}
