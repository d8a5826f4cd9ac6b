import type { z } from 'zod';
import type { AuthSettings, HttpSettings } from '../core/settings.ts';
import { isLoopback, quote } from './settingKinds.ts';
import { settings } from './settings.ts';

/** Settings of the whole gateway, validated and frozen. */
export type Config = Readonly<ReturnType<typeof configOf>>;

type ConfigResult = { config: Config } | { problems: string[] };

/** Reads settings from environment variables; an empty one counts as unset. Pure. Returns all problems at once. */
export function loadConfig(env: Readonly<Record<string, string | undefined>>): ConfigResult {
  const given = Object.fromEntries(
    Object.entries(env).filter((entry): entry is [string, string] => Boolean(entry[1])),
  );
  const parsed = settings.safeParse(given);
  const problems = [
    ...(parsed.error?.issues ?? []).map(({ path, message }) => `${path.join('.')} ${message}`),
    ...combinationProblems(given),
  ];
  if (!parsed.success || problems.length > 0) return { problems };
  return { config: Object.freeze(configOf(parsed.data)) };
}

/** Problems of combinations. Checks raw values, so that they are reported together with those of single settings. */
function combinationProblems(given: Readonly<Record<string, string>>): string[] {
  const isSet = (name: keyof z.input<typeof settings>) => given[name] !== undefined;
  const hasKeySet = isSet('AUTH_JWKS_URL') || isSet('AUTH_JWKS_FILE');
  const isAuthenticated = isSet('AUTH_TOKENS_FILE') || hasKeySet;
  const isSession =
    given['ALIBABA_CLOUD_SECURITY_TOKEN'] !== undefined || given['ALIBABA_CLOUD_ACCESS_KEY_ID'] === undefined;
  const trustedOnly = given['PERSISTED_OPERATIONS_ONLY'] === 'on';
  const rules: readonly [isBroken: boolean, problem: string][] = [
    [
      !isSet('DATAWORKS_REGION') && !isSet('DATAWORKS_ENDPOINT'),
      'DATAWORKS_REGION is not set: set it to the region of your workspaces, such as cn-shanghai, or set DATAWORKS_ENDPOINT.',
    ],
    [
      !isLoopback(given['HOST'] ?? '127.0.0.1') && !isAuthenticated,
      `HOST must be a loopback address such as 127.0.0.1 while callers are not authenticated (AUTH_TOKENS_FILE, AUTH_JWKS_URL or AUTH_JWKS_FILE); got ${quote(given['HOST'])}.`,
    ],
    [
      isSet('REDIS_URL') && !isSet('DATAWORKS_ACCOUNT') && isSession,
      'DATAWORKS_ACCOUNT must be set with REDIS_URL if the credential is a session: use any name for the account, the same in all replicas. Session keys change, so they cannot identify it.',
    ],
    [
      isSet('AUTH_JWKS_URL') && isSet('AUTH_JWKS_FILE'),
      'AUTH_JWKS_URL and AUTH_JWKS_FILE are both set. Set only one.',
    ],
    [
      hasKeySet && !(isSet('AUTH_ISSUER') && isSet('AUTH_AUDIENCE')),
      'AUTH_ISSUER and AUTH_AUDIENCE must be set with a key set. Without them, tokens for other services would be accepted.',
    ],
    [
      trustedOnly && !isSet('PERSISTED_OPERATIONS_FILE'),
      'PERSISTED_OPERATIONS_FILE must be set if PERSISTED_OPERATIONS_ONLY is on.',
    ],
    [
      trustedOnly && given['AUTOMATIC_PERSISTED_QUERIES'] === 'on',
      'AUTOMATIC_PERSISTED_QUERIES must be off if PERSISTED_OPERATIONS_ONLY is on.',
    ],
  ];
  return rules.flatMap(([isBroken, problem]) => (isBroken ? [problem] : []));
}

type Settings = z.output<typeof settings>;

/** One event executes all subscriptions of a caller. It may have the objects of this many largest operations. */
const LARGEST_OPERATIONS_PER_EVENT = 20;

function configOf(given: Settings) {
  const isProduction = given.NODE_ENV === 'production';
  const auth = authSettingsOf(given);
  // Without authentication the only caller is the machine itself, and all subscribers are that caller.
  const isAuthenticated = auth.tokensFile !== null || auth.jwt !== null;
  const sockets = {
    perCaller: given.LIVE_MAX_PER_CALLER ?? (isAuthenticated ? 100 : given.LIVE_MAX),
    inAll: given.LIVE_MAX,
  };
  const objectsPerCaller =
    given.LIVE_MAX_OBJECTS_PER_CALLER ??
    given.MAX_ROWS * (isAuthenticated ? LARGEST_OPERATIONS_PER_EVENT : given.LIVE_MAX);
  const perSecond = given.RATE_LIMIT_PER_SECOND ?? (isAuthenticated ? 100 : null);
  const endpoint = new URL(
    given.DATAWORKS_ENDPOINT ?? `https://dataworks.${given.DATAWORKS_REGION ?? ''}.aliyuncs.com`,
  );
  const http: HttpSettings = {
    host: given.HOST,
    port: given.PORT,
    corsOrigins: given.CORS_ORIGINS,
    auth,
    limits: {
      bodyBytes: given.MAX_BODY_BYTES,
      deadlineMs: given.REQUEST_DEADLINE_MS,
      queueMs: given.MAX_QUEUE_MS,
      tokens: given.MAX_TOKENS,
      depth: given.MAX_DEPTH,
      aliases: given.MAX_ALIASES,
      rootFields: given.MAX_ROOT_FIELDS,
      directives: given.MAX_DIRECTIVES,
      selections: given.MAX_SELECTIONS,
      rows: given.MAX_ROWS,
      responseBytes: given.MAX_RESPONSE_BYTES,
    },
    sockets,
    rateLimit: perSecond === null ? null : { perSecond, burst: given.RATE_LIMIT_BURST ?? 2 * perSecond },
    trustedDocuments: {
      file: given.PERSISTED_OPERATIONS_FILE ?? null,
      only: given.PERSISTED_OPERATIONS_ONLY,
    },
    automaticPersistedQueries: given.AUTOMATIC_PERSISTED_QUERIES,
    compression: given.COMPRESSION,
    storedResponseBytes: given.STORED_ANSWERS ? given.STORED_ANSWERS_MAX_BYTES : 0,
    shutdownGraceMs: given.SHUTDOWN_GRACE_MS,
  };
  return {
    http,
    introspection: given.INTROSPECTION ?? !isProduction,
    explorer: given.EXPLORER ?? !isProduction,
    upstream: {
      /** `host` or `host:port`. */
      endpoint: endpoint.host,
      protocol: endpoint.protocol === 'http:' ? ('http' as const) : ('https' as const),
      tryTimeoutMs: given.UPSTREAM_TRY_TIMEOUT_MS,
    },
    quota: {
      edition: given.DATAWORKS_EDITION,
      /** Limits that replace those of the edition. */
      overrides: {
        perSecond: given.DATAWORKS_MAX_QPS,
        perDay: given.DATAWORKS_DAILY_CALLS,
        perMonth: given.DATAWORKS_MONTHLY_CALLS,
      },
    },
    pageSize: given.DATAWORKS_PAGE_SIZE,
    cache: { freshMs: given.CACHE_FRESH_MS, staleMs: given.CACHE_STALE_MS, maxBytes: given.CACHE_MAX_BYTES },
    /** Null for a gateway of one process. */
    redisUrl: given.REDIS_URL ?? null,
    /** Null to derive it from the access key. */
    account: given.DATAWORKS_ACCOUNT ?? null,
    replicas: given.REPLICAS ?? (given.REDIS_URL === undefined ? 1 : 2),
    requestDeadlineMs: given.REQUEST_DEADLINE_MS,
    maxOperationCalls: given.MAX_OPERATION_CALLS,
    compiledQueries: given.COMPILED_QUERIES,
    live: { limits: { ...sockets, objectsPerCaller }, idleMs: given.LIVE_IDLE_MS },
    logLevel: given.LOG_LEVEL,
    metrics: given.METRICS,
  };
}

function authSettingsOf(given: Settings): AuthSettings {
  const { AUTH_JWKS_URL: url, AUTH_JWKS_FILE: file } = given;
  const jwks = url !== undefined ? { url } : file !== undefined ? { file } : null;
  return {
    tokensFile: given.AUTH_TOKENS_FILE ?? null,
    jwt: jwks && {
      jwks,
      issuer: given.AUTH_ISSUER ?? '',
      audience: given.AUTH_AUDIENCE ?? '',
      algorithms: given.AUTH_ALGORITHMS,
      projectsClaim: given.AUTH_PROJECTS_CLAIM,
      scopeClaim: given.AUTH_SCOPE_CLAIM,
    },
  };
}
