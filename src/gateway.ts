import { createRequestContext } from './graphql/requestContext.ts';
import { type Closers, createClosers } from './core/closers.ts';
import { healthOf } from './health.ts';
import type { Redis } from 'ioredis';
import { withQuota } from './quota/withQuota.ts';
import { createQuota } from './quota/quota.ts';
import { withCallerLimits } from './quota/withCallerLimits.ts';
import { limitsFor } from './quota/presets.ts';
import { withCache } from './cache/withCache.ts';
import { createDemand } from './cache/demand.ts';
import { withSharedCache } from './cache/withSharedCache.ts';
import type { Config } from './config/config.ts';
import { withCredentialCheck } from './upstream/withCredentialCheck.ts';
import { startHttpServer } from './http/server.ts';
import { createSubscriptionSource } from './subscriptions/subscriptionSource.ts';
import { createExecution } from './graphql/execution.ts';
import { type Clock, createSteadyClock, systemClock } from './core/clock.ts';
import { createListMemory } from './loaders/list.ts';
import { createObservability } from './telemetry/observability.ts';
import { createQuotaProbe } from './quota/quotaProbe.ts';
import { createSchema } from './graphql/schema.ts';
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
  const closers = createClosers();
  try {
    const url = await start(config, parts, closers);
    return { url, close: () => closers.closeAll() };
  } catch (error) {
    await closers.closeAll().catch(() => undefined);
    throw error;
  }
}

/** Returns the URL. Adds each resource to `closers` as soon as it is started, so that a failure leaves nothing running. */
async function start(config: Config, parts: GatewayParts, closers: Closers): Promise<string> {
  const { credential, clock = systemClock } = parts;
  const steady = createSteadyClock(clock);
  const logger = parts.logger ?? createLogger('error');
  const redis = config.redisUrl === null ? null : await connect(config.redisUrl, logger);
  if (redis) closers.add(() => redis.disconnect());
  const identity = await accountIdentity(config.upstream.endpoint, config.account, credential);
  const quota = createQuota({
    limits: limitsFor(config.quota.edition, config.quota.overrides),
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
    quota: () => quota.snapshot(),
    live: () => subscriptions.counts(),
  });
  const client = createClient({ ...config.upstream, credential, clock: steady });
  const patient = withRetries(withQuota(client, quota), {
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
      const { nextProbeAt } = quota.snapshot();
      return nextProbeAt === null ? null : steady.fromWall(nextProbeAt);
    },
  });
  const credentialCheck = parts.checkCredentials
    ? withCredentialCheck(patient, {
        ...calls,
        isQuotaExhausted: () => quota.snapshot().dayLeft === 0,
        onChange: observability.credentialsChanged,
      })
    : null;
  closers.add(() => quotaProbe.stop());
  if (credentialCheck) closers.add(() => credentialCheck.stop());
  const { freshMs, staleMs } = config.cache;
  const demand = createDemand({ freshMs, clock: steady, allowances: quota.allowances });
  const checked = credentialCheck?.upstream ?? patient;
  const common =
    redis &&
    withSharedCache(checked, { redis, identity, clock: steady, staleMs, freshMs: () => demand.freshMs() });
  if (common) closers.add(() => common.close());
  const { upstream, view } = withCache(withCallerLimits(common ?? checked, { clock, steadyClock: steady }), {
    ...config.cache,
    clock: steady,
    demand,
    allowances: quota.allowances,
    ...(common && { newestElsewhere: (key: string) => common.newestElsewhere(key) }),
    patienceMs: config.requestDeadlineMs,
    report: observability.background,
  });
  const listMemory = createListMemory(config.pageSize, steady);
  const subscriptions = createSubscriptionSource(upstream, {
    clock: steady,
    limits: config.live.limits,
    get pageSize() {
      return listMemory.sizeOf('ListPipelineRuns');
    },
    fastMs: freshMs,
    slowMs: config.live.idleMs,
    deadlineMs: config.requestDeadlineMs,
    report: observability.background,
  });
  const isRedisUnavailable = () =>
    redis !== null &&
    (redis.status !== 'ready' || common?.health() === 'down' || quota.snapshot().shared === 'fallback');
  const contextOptions = {
    upstream,
    view,
    memory: listMemory,
    subscriptions,
    quota: () => quota.snapshot(),
    clock: steady,
    deadlineMs: config.requestDeadlineMs,
    maxOperationCalls: config.maxOperationCalls,
    maxObjects: config.http.limits.rows,
  };
  const schema = createSchema((time) => steady.toWall(time));
  const server = await startHttpServer({
    ...config.http,
    schema,
    execute: createExecution({ compile: config.compiledQueries }),
    introspection: config.introspection,
    explorer: config.explorer,
    clock,
    steadyClock: steady,
    createContext: (start) => createRequestContext(contextOptions, start),
    report: observability.background,
    health: () =>
      healthOf({
        credentialProblem: credentialCheck?.problem() ?? null,
        isRedisUnavailable: isRedisUnavailable(),
        nextProbeAt: quota.snapshot().nextProbeAt,
      }),
    metrics: config.metrics ? observability.scrape : null,
    observe: observability.observe,
    onBug: observability.bug,
    onUnusableFile: observability.unusableFile,
    onIssuerChange: observability.issuerChanged,
  });
  closers.add(() => server.close());
  return server.url;
}

/** Loads the Redis packages only where Redis is configured. */
async function connect(url: string, logger: Logger): Promise<Redis> {
  const { connectRedis } = await import('./core/redis.ts');
  return connectRedis(url, { onError: (reason) => logger.warn({ reason }, 'Redis unavailable.') });
}
