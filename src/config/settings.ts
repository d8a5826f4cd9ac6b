import { z } from 'zod';
import {
  endpoint,
  file,
  flag,
  keySetUrl,
  list,
  matching,
  oneOf,
  optional,
  schemasOf,
  setting,
  type Setting,
  text,
  whole,
} from './settingKinds.ts';

/** An origin as browsers send it: scheme, host and port alone. */
const ORIGIN = /^https?:\/\/[\w.-]+(?::\d+)?$/;

/** Shared-secret algorithms would need the secret in the settings, and `none` proves nothing. */
const SIGNATURE_ALGORITHM = /^(?:[RPE]S(?:256|384|512)|EdDSA|Ed25519)$/;

const server = {
  PORT: setting(whole(0, 65_535), 4000, 'Port to listen on; 0 for any free one.'),
  HOST: setting(
    matching(/^[\w.:%-]+$/, 'a host name or an IP address', 'host name or IP address'),
    '127.0.0.1',
    'Address to listen on. Other addresses than loopback need authentication.',
  ),
  REQUEST_DEADLINE_MS: setting(
    whole(100, 120_000),
    10_000,
    'Longest time of an operation with all attempts, and of the arrival of a request.',
  ),
  SHUTDOWN_GRACE_MS: setting(whole(0, 600_000), 15_000, 'Time for requests in flight after SIGTERM.'),
  CORS_ORIGINS: setting(
    list(ORIGIN, 'origins such as https://dashboards.example.com'),
    [],
    'Origins whose pages may read responses.',
  ),
  COMPRESSION: setting(flag, true, 'Whether responses are compressed (brotli, gzip) if asked for.'),
  NODE_ENV: optional(text, '', '`production` turns off INTROSPECTION and EXPLORER unless they are set.'),
  INTROSPECTION: optional(
    flag,
    '`off` in production, else `on`',
    'Whether every caller may read the schema.',
  ),
  EXPLORER: optional(
    flag,
    '`off` in production, else `on`',
    'Whether browsers get GraphiQL and Apollo Sandbox.',
  ),
};

const upstream = {
  DATAWORKS_REGION: optional(
    matching(/^[a-z]{2}(-[a-z0-9]+)+$/, 'a region id such as cn-shanghai', 'region id'),
    '',
    'Region of the workspaces, such as `cn-shanghai`. This or DATAWORKS_ENDPOINT is required.',
  ),
  DATAWORKS_ENDPOINT: optional(
    endpoint,
    'from the region',
    'Such as a VPC endpoint. `http` on loopback only.',
  ),
  DATAWORKS_EDITION: setting(
    oneOf(['basic', 'standard', 'professional', 'enterprise']),
    'standard',
    'Sets the calls per second, day and month; see notes.',
  ),
  DATAWORKS_MAX_QPS: optional(
    whole(1, 10_000),
    'from the edition',
    'Calls per second; lower it if other tools share the account.',
  ),
  DATAWORKS_DAILY_CALLS: optional(whole(1, 1_000_000_000), 'from the edition', 'Calls per day.'),
  DATAWORKS_MONTHLY_CALLS: optional(whole(1, 1_000_000_000), 'from the edition', 'Calls per month.'),
  DATAWORKS_PAGE_SIZE: setting(
    whole(10, 100),
    100,
    'Rows requested per upstream page: the size of a canonical page.',
  ),
  UPSTREAM_TRY_TIMEOUT_MS: setting(whole(100, 60_000), 4000, 'Longest time of one attempt of a call.'),
};

const cache = {
  CACHE_FRESH_MS: setting(
    whole(0, 86_400_000),
    5000,
    'Freshness of list heads and unfinished runs; fast poll interval of subscriptions (at least 1 s).',
  ),
  CACHE_STALE_MS: setting(
    whole(0, 604_800_000),
    600_000,
    'How long data is served as stale after its freshness ends.',
  ),
  CACHE_MAX_BYTES: setting(
    whole(1_000_000, 64_000_000_000),
    128_000_000,
    'Live heap for cached data, estimated. A list of 100 runs takes about 0.12 MB.',
  ),
  STORED_ANSWERS: setting(flag, true, 'Whether whole responses are stored.'),
  STORED_ANSWERS_MAX_BYTES: setting(
    whole(100_000, 64_000_000_000),
    32_000_000,
    'Memory for stored responses.',
  ),
  COMPILED_QUERIES: setting(flag, true, 'Whether repeated queries run as compiled code (graphql-jit).'),
};

const replicas = {
  REDIS_URL: optional(
    matching(/^rediss?:\/\/\S+$/, 'a URL such as redis://127.0.0.1:6379', 'URL', false),
    '',
    'Shares cache and quota between replicas. For its ACL see notes.',
  ),
  DATAWORKS_ACCOUNT: optional(
    text,
    'a hash of the access key',
    'Name of the account in Redis keys. Required with session credentials.',
  ),
  REPLICAS: optional(
    whole(1, 1000),
    '2 with REDIS_URL, else 1',
    'Replicas that share the quota: each takes its share while Redis is unavailable.',
  ),
};

const limits = {
  MAX_OPERATION_CALLS: setting(
    whole(1, 1000),
    10,
    'Upstream calls that one operation may need. A token can carry its own limit.',
  ),
  MAX_BODY_BYTES: setting(whole(1000, 10_000_000), 100_000, 'Size of a request body.'),
  MAX_TOKENS: setting(whole(10, 100_000), 2000, 'Lexical tokens of a document.'),
  MAX_DEPTH: setting(whole(1, 100), 10, 'Levels of fields.'),
  MAX_ALIASES: setting(whole(0, 1000), 15, 'Aliases of an operation.'),
  MAX_ROOT_FIELDS: setting(whole(1, 1000), 5, 'Root fields of an operation.'),
  MAX_DIRECTIVES: setting(whole(0, 1000), 20, 'Directives of an operation.'),
  MAX_SELECTIONS: setting(whole(10, 10_000), 1000, 'Fields and fragment spreads, with fragments expanded.'),
  MAX_ROWS: setting(whole(10, 1_000_000), 4000, 'Objects of a response, nested lists multiplied.'),
  MAX_RESPONSE_BYTES: setting(
    whole(10_000, 1_000_000_000),
    4_000_000,
    'Size of a response or of a subscription event.',
  ),
  MAX_QUEUE_MS: setting(
    whole(5, 60_000),
    1000,
    'Wait for CPU time after which later requests are `OVERLOADED`.',
  ),
  RATE_LIMIT_PER_SECOND: optional(
    whole(1, 1_000_000),
    '100 with authentication, else none',
    'Requests per caller and replica.',
  ),
  RATE_LIMIT_BURST: optional(
    whole(1, 1_000_000),
    'twice the rate',
    'Requests that a caller can send at once.',
  ),
};

const subscriptions = {
  LIVE_MAX: setting(
    whole(0, 1_000_000),
    10_000,
    'Subscriptions, and authenticated sockets; 0 turns them off.',
  ),
  LIVE_MAX_PER_CALLER: optional(
    whole(0, 1_000_000),
    '100 with authentication, else LIVE_MAX',
    'The same for one caller.',
  ),
  LIVE_MAX_OBJECTS_PER_CALLER: optional(
    whole(10, 1_000_000_000),
    '20 × MAX_ROWS with authentication, see notes',
    'Objects of one event of each subscription of a caller.',
  ),
  LIVE_IDLE_MS: setting(whole(1000, 86_400_000), 30_000, 'Time between polls while no stage runs.'),
};

const documents = {
  PERSISTED_OPERATIONS_FILE: optional(
    file,
    '',
    'Trusted documents: the manifest of Apollo or `{ id: document }`.',
  ),
  PERSISTED_OPERATIONS_ONLY: setting(flag, false, 'Whether all other documents are rejected.'),
  AUTOMATIC_PERSISTED_QUERIES: setting(flag, false, 'Whether clients can register queries by hash (APQ).'),
};

const authentication = {
  AUTH_TOKENS_FILE: optional(
    file,
    '',
    'Static bearer tokens, see `npm run token`. Reloaded when it changes.',
  ),
  AUTH_JWKS_URL: optional(keySetUrl, '', 'Key set of the issuer of JWTs.'),
  AUTH_JWKS_FILE: optional(file, '', 'The same from a file, reloaded when it changes.'),
  AUTH_ISSUER: optional(text, '', 'Required `iss` of JWTs. Must be set with a key set.'),
  AUTH_AUDIENCE: optional(text, '', 'Required `aud` of JWTs. Must be set with a key set.'),
  AUTH_ALGORITHMS: setting(
    list(SIGNATURE_ALGORITHM, 'public-key algorithms such as RS256 or EdDSA'),
    ['RS256', 'PS256', 'ES256', 'EdDSA'],
    'Accepted signature algorithms, public-key only.',
  ),
  AUTH_PROJECTS_CLAIM: setting(text, 'projects', 'Claim with the projects of the caller: `*` or a list.'),
  AUTH_SCOPE_CLAIM: setting(text, 'scope', 'Claim with the capabilities of the caller.'),
};

const observability = {
  LOG_LEVEL: setting(
    oneOf(['debug', 'info', 'warn', 'error', 'silent']),
    'info',
    'Least severe level that is logged.',
  ),
  METRICS: setting(
    flag,
    true,
    'Whether `/metrics` exists. With authentication it needs the capability `metrics`.',
  ),
};

export const sections: readonly (readonly [title: string, settings: Readonly<Record<string, Setting>>])[] = [
  ['Server', server],
  ['DataWorks', upstream],
  ['Cache', cache],
  ['Replicas', replicas],
  ['Limits', limits],
  ['Subscriptions', subscriptions],
  ['Trusted documents', documents],
  ['Authentication', authentication],
  ['Observability', observability],
];

/** Parses all settings. Keys are the names of the environment variables. */
export const settings = z.object(
  schemasOf({
    ...server,
    ...upstream,
    ...cache,
    ...replicas,
    ...limits,
    ...subscriptions,
    ...documents,
    ...authentication,
    ...observability,
  }),
);
