import type { z } from 'zod';
import type { AuthSettings } from '../core/settings.ts';
import type { HttpSettings } from '../core/settings.ts';
import { type EDITIONS, isLoopback, type LOG_LEVELS, quote, settings } from './settings.ts';

/** Settings of the whole gateway, checked and frozen. Every name stands in the README's table. */
export interface Config {
  http: HttpSettings;
  /** Whether the schema can be asked for its own shape, and whether browsers are shown an explorer. */
  introspection: boolean;
  explorer: boolean;
  upstream: {
    /** `host` or `host:port`. */
    endpoint: string;
    protocol: 'http' | 'https';
    /** How long one try of a call may take. */
    tryTimeoutMs: number;
  };
  budget: {
    edition: Edition;
    /** What is set by hand instead of by the edition. */
    overrides: { perSecond?: number | undefined; perDay?: number | undefined; perMonth?: number | undefined };
  };
  /** Rows of a canonical upstream page. */
  pageSize: number;
  cache: { freshMs: number; staleMs: number; maxBytes: number };
  /** Where replicas share cache and budget, or null for a gateway of one process. */
  redisUrl: string | null;
  /** The account's name where replicas share, or null for one known by its access key. */
  account: string | null;
  /** How many gateways share the budget: what each may spend while they can't talk to each other. */
  replicas: number;
  /** How long one operation may take. */
  requestDeadlineMs: number;
  /** The most upstream calls that one operation may need. */
  maxOperationCalls: number;
  /** Whether queries that come again are compiled. */
  compiledQueries: boolean;
  live: {
    /** Subscriptions that may be open. */
    limits: { perCaller: number; inAll: number; objectsPerCaller: number };
    /** Between polls of what nothing is under way in, in milliseconds. */
    idleMs: number;
  };
  logLevel: LogLevel;
  /** Whether there is a /metrics. */
  metrics: boolean;
}

export type Edition = (typeof EDITIONS)[number];
export type LogLevel = (typeof LOG_LEVELS)[number];

export type ConfigResult = { config: Config } | { problems: string[] };

/** Reads settings from environment variables; an empty one counts as unset. Pure, and tells every problem at once. */
export function loadConfig(env: Readonly<Record<string, string | undefined>>): ConfigResult {
  const given = Object.fromEntries(
    Object.entries(env).filter(([, value]) => value !== undefined && value !== ''),
  );
  const parsed = settings.safeParse(given);
  const problems = [
    ...(parsed.error?.issues ?? []).map(({ path, message }) => `${path.join('.')} ${message}`),
    ...problemsTogether(given),
  ];
  if (!parsed.success || problems.length > 0) return { problems };
  return { config: Object.freeze(configOf(parsed.data)) };
}

type Given = Readonly<Record<string, string | undefined>>;

/** What single settings can't tell. Works on the raw values, so that it is told together with all other problems. */
function problemsTogether(given: Given): string[] {
  return rulesTogether.filter(({ isBroken }) => isBroken(given)).map(({ tell }) => tell(given));
}

const rulesTogether: readonly { isBroken: (given: Given) => boolean; tell: (given: Given) => string }[] = [
  {
    isBroken: (given) => !isSet(given, 'DATAWORKS_REGION') && !isSet(given, 'DATAWORKS_ENDPOINT'),
    tell: () =>
      'DATAWORKS_REGION is not set: set it to the region of your workspaces, such as cn-shanghai, or set DATAWORKS_ENDPOINT.',
  },
  {
    isBroken: (given) =>
      !isLoopback(given['HOST'] ?? '127.0.0.1') && !isSet(given, 'AUTH_TOKENS_FILE') && !hasJwks(given),
    tell: ({ HOST }) =>
      `HOST must be a loopback address such as 127.0.0.1 while callers are not authenticated (AUTH_TOKENS_FILE, AUTH_JWKS_URL or AUTH_JWKS_FILE); got ${quote(HOST)}.`,
  },
  {
    isBroken: (given) =>
      isSet(given, 'REDIS_URL') &&
      !isSet(given, 'DATAWORKS_ACCOUNT') &&
      (given['ALIBABA_CLOUD_SECURITY_TOKEN'] !== undefined ||
        given['ALIBABA_CLOUD_ACCESS_KEY_ID'] === undefined),
    tell: () =>
      'DATAWORKS_ACCOUNT must be set with REDIS_URL where the credential is a session: any name for the account, the same for all replicas, since the session itself changes.',
  },
  {
    isBroken: (given) => isSet(given, 'AUTH_JWKS_URL') && isSet(given, 'AUTH_JWKS_FILE'),
    tell: () => 'AUTH_JWKS_URL and AUTH_JWKS_FILE are both set: keys come from one of them.',
  },
  {
    isBroken: (given) => hasJwks(given) && !(isSet(given, 'AUTH_ISSUER') && isSet(given, 'AUTH_AUDIENCE')),
    tell: () =>
      'AUTH_ISSUER and AUTH_AUDIENCE must be set with a key set: else tokens for other services are good here too.',
  },
  {
    isBroken: (given) =>
      isOn(given, 'PERSISTED_OPERATIONS_ONLY') && !isSet(given, 'PERSISTED_OPERATIONS_FILE'),
    tell: () => 'PERSISTED_OPERATIONS_FILE must be set where PERSISTED_OPERATIONS_ONLY is on.',
  },
  {
    isBroken: (given) =>
      isOn(given, 'PERSISTED_OPERATIONS_ONLY') && isOn(given, 'AUTOMATIC_PERSISTED_QUERIES'),
    tell: () => 'AUTOMATIC_PERSISTED_QUERIES must be off where PERSISTED_OPERATIONS_ONLY is on.',
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
    budget: {
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
    storedAnswerBytes: given.STORED_ANSWERS ? given.STORED_ANSWERS_MAX_BYTES : 0,
    shutdownGraceMs: given.SHUTDOWN_GRACE_MS,
  };
}

/** A caller's subscriptions are executed for one event together: so many of the largest operations. */
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
