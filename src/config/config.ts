import type { z } from 'zod';
import type { AuthSettings } from '../core/settings.ts';
import type { HttpSettings } from '../core/settings.ts';
import { isLoopback, quote } from './settingKinds.ts';
import { type EDITIONS, type LOG_LEVELS, settings } from './settings.ts';

/** Settings of the whole gateway, validated and frozen. */
export interface Config {
  http: HttpSettings;
  /** Whether introspection is allowed, and whether browsers get explorer pages. */
  introspection: boolean;
  explorer: boolean;
  upstream: {
    /** `host` or `host:port`. */
    endpoint: string;
    protocol: 'http' | 'https';
    /** How long one attempt of a call may take. */
    tryTimeoutMs: number;
  };
  quota: {
    edition: Edition;
    /** Limits that replace those of the edition. */
    overrides: { perSecond?: number | undefined; perDay?: number | undefined; perMonth?: number | undefined };
  };
  /** Rows of a canonical upstream page. */
  pageSize: number;
  cache: { freshMs: number; staleMs: number; maxBytes: number };
  /** Where replicas share cache and quota; null for a gateway of one process. */
  redisUrl: string | null;
  /** Name of the account in Redis keys; null to derive it from the access key. */
  account: string | null;
  /** How many gateways share the quota. Each takes its share while Redis is unavailable. */
  replicas: number;
  /** How long one operation may take. */
  requestDeadlineMs: number;
  /** The most upstream calls that one operation may need. */
  maxOperationCalls: number;
  /** Whether repeated queries are compiled. */
  compiledQueries: boolean;
  live: {
    /** Subscriptions that may be open. */
    limits: { perCaller: number; inAll: number; objectsPerCaller: number };
    /** Time between polls while no stage runs, in milliseconds. */
    idleMs: number;
  };
  logLevel: LogLevel;
  /** Whether `/metrics` exists. */
  metrics: boolean;
}

export type Edition = (typeof EDITIONS)[number];
export type LogLevel = (typeof LOG_LEVELS)[number];

export type ConfigResult = { config: Config } | { problems: string[] };

/** Reads settings from environment variables; an empty one counts as unset. Pure. Returns all problems at once. */
export function loadConfig(env: Readonly<Record<string, string | undefined>>): ConfigResult {
  const given = Object.fromEntries(
    Object.entries(env).filter(([, value]) => value !== undefined && value !== ''),
  );
  const parsed = settings.safeParse(given);
  const problems = [
    ...(parsed.error?.issues ?? []).map(({ path, message }) => `${path.join('.')} ${message}`),
    ...combinationProblems(given),
  ];
  if (!parsed.success || problems.length > 0) return { problems };
  return { config: Object.freeze(configOf(parsed.data)) };
}

type Given = Readonly<Record<string, string | undefined>>;

/** Problems of combinations. Checks raw values, so that they are reported together with those of single settings. */
function combinationProblems(given: Given): string[] {
  return combinationRules.filter(({ isBroken }) => isBroken(given)).map(({ problem }) => problem(given));
}

const combinationRules: readonly {
  isBroken: (given: Given) => boolean;
  problem: (given: Given) => string;
}[] = [
  {
    isBroken: (given) => !isSet(given, 'DATAWORKS_REGION') && !isSet(given, 'DATAWORKS_ENDPOINT'),
    problem: () =>
      'DATAWORKS_REGION is not set: set it to the region of your workspaces, such as cn-shanghai, or set DATAWORKS_ENDPOINT.',
  },
  {
    isBroken: (given) =>
      !isLoopback(given['HOST'] ?? '127.0.0.1') && !isSet(given, 'AUTH_TOKENS_FILE') && !hasJwks(given),
    problem: ({ HOST }) =>
      `HOST must be a loopback address such as 127.0.0.1 while callers are not authenticated (AUTH_TOKENS_FILE, AUTH_JWKS_URL or AUTH_JWKS_FILE); got ${quote(HOST)}.`,
  },
  {
    isBroken: (given) =>
      isSet(given, 'REDIS_URL') &&
      !isSet(given, 'DATAWORKS_ACCOUNT') &&
      (given['ALIBABA_CLOUD_SECURITY_TOKEN'] !== undefined ||
        given['ALIBABA_CLOUD_ACCESS_KEY_ID'] === undefined),
    problem: () =>
      'DATAWORKS_ACCOUNT must be set with REDIS_URL if the credential is a session: use any name for the account, the same in all replicas. Session keys change, so they cannot identify it.',
  },
  {
    isBroken: (given) => isSet(given, 'AUTH_JWKS_URL') && isSet(given, 'AUTH_JWKS_FILE'),
    problem: () => 'AUTH_JWKS_URL and AUTH_JWKS_FILE are both set. Set only one.',
  },
  {
    isBroken: (given) => hasJwks(given) && !(isSet(given, 'AUTH_ISSUER') && isSet(given, 'AUTH_AUDIENCE')),
    problem: () =>
      'AUTH_ISSUER and AUTH_AUDIENCE must be set with a key set. Without them, tokens for other services would be accepted.',
  },
  {
    isBroken: (given) =>
      isOn(given, 'PERSISTED_OPERATIONS_ONLY') && !isSet(given, 'PERSISTED_OPERATIONS_FILE'),
    problem: () => 'PERSISTED_OPERATIONS_FILE must be set if PERSISTED_OPERATIONS_ONLY is on.',
  },
  {
    isBroken: (given) =>
      isOn(given, 'PERSISTED_OPERATIONS_ONLY') && isOn(given, 'AUTOMATIC_PERSISTED_QUERIES'),
    problem: () => 'AUTOMATIC_PERSISTED_QUERIES must be off if PERSISTED_OPERATIONS_ONLY is on.',
  },
];

function isSet(given: Given, name: SettingName): boolean {
  return given[name] !== undefined;
}

function isOn(given: Given, name: SettingName): boolean {
  return given[name] === 'on';
}

function hasJwks(given: Given): boolean {
  return isSet(given, 'AUTH_JWKS_URL') || isSet(given, 'AUTH_JWKS_FILE');
}

type SettingName = keyof z.input<typeof settings>;
type Settings = z.output<typeof settings>;

function configOf(given: Settings): Config {
  const production = given.NODE_ENV === 'production';
  const http = httpSettingsOf(given);
  return {
    http,
    introspection: given.INTROSPECTION ?? !production,
    explorer: given.EXPLORER ?? !production,
    upstream: { ...endpointOf(given), tryTimeoutMs: given.UPSTREAM_TRY_TIMEOUT_MS },
    quota: {
      edition: given.DATAWORKS_EDITION,
      overrides: {
        perSecond: given.DATAWORKS_MAX_QPS,
        perDay: given.DATAWORKS_DAILY_CALLS,
        perMonth: given.DATAWORKS_MONTHLY_CALLS,
      },
    },
    pageSize: given.DATAWORKS_PAGE_SIZE,
    cache: { freshMs: given.CACHE_FRESH_MS, staleMs: given.CACHE_STALE_MS, maxBytes: given.CACHE_MAX_BYTES },
    redisUrl: given.REDIS_URL ?? null,
    account: given.DATAWORKS_ACCOUNT ?? null,
    replicas: given.REPLICAS ?? (given.REDIS_URL === undefined ? 1 : 2),
    requestDeadlineMs: given.REQUEST_DEADLINE_MS,
    maxOperationCalls: given.MAX_OPERATION_CALLS,
    compiledQueries: given.COMPILED_QUERIES,
    live: {
      limits: { ...http.sockets, objectsPerCaller: objectsPerCallerOf(given, http) },
      idleMs: given.LIVE_IDLE_MS,
    },
    logLevel: given.LOG_LEVEL,
    metrics: given.METRICS,
  };
}

function httpSettingsOf(given: Settings): HttpSettings {
  const auth = authSettingsOf(given);
  const isAuthenticated = auth.tokensFile !== null || auth.jwt !== null;
  // Without authentication the only caller is the machine itself.
  const perSecond = given.RATE_LIMIT_PER_SECOND ?? (isAuthenticated ? 100 : null);
  return {
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
    sockets: {
      perCaller: given.LIVE_MAX_PER_CALLER ?? (isAuthenticated ? 100 : given.LIVE_MAX),
      inAll: given.LIVE_MAX,
    },
    rateLimit: perSecond === null ? null : { perSecond, burst: given.RATE_LIMIT_BURST ?? 2 * perSecond },
    trustedDocuments: {
      file: given.PERSISTED_OPERATIONS_FILE ?? null,
      only: given.PERSISTED_OPERATIONS_ONLY,
    },
    automaticPersistedQueries: given.AUTOMATIC_PERSISTED_QUERIES,
    storedResponseBytes: given.STORED_ANSWERS ? given.STORED_ANSWERS_MAX_BYTES : 0,
    shutdownGraceMs: given.SHUTDOWN_GRACE_MS,
  };
}

/** One event executes all subscriptions of a caller. It may have the objects of this many largest operations. */
const LARGEST_OPERATIONS_PER_EVENT = 20;

function objectsPerCallerOf(given: Settings, { auth }: HttpSettings): number {
  if (given.LIVE_MAX_OBJECTS_PER_CALLER !== undefined) return given.LIVE_MAX_OBJECTS_PER_CALLER;
  const isAuthenticated = auth.tokensFile !== null || auth.jwt !== null;
  // Without authentication all subscribers are one caller.
  return given.MAX_ROWS * (isAuthenticated ? LARGEST_OPERATIONS_PER_EVENT : given.LIVE_MAX);
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

function endpointOf(given: {
  DATAWORKS_REGION?: string | undefined;
  DATAWORKS_ENDPOINT?: string | undefined;
}): Pick<Config['upstream'], 'endpoint' | 'protocol'> {
  if (given.DATAWORKS_ENDPOINT === undefined) {
    return { endpoint: `dataworks.${given.DATAWORKS_REGION ?? ''}.aliyuncs.com`, protocol: 'https' };
  }
  const { host, protocol } = new URL(given.DATAWORKS_ENDPOINT);
  return { endpoint: host, protocol: protocol === 'http:' ? 'http' : 'https' };
}
