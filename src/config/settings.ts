import { z } from 'zod';
import { withoutCredentials } from '../core/operatorError.ts';

export const EDITIONS = ['basic', 'standard', 'professional', 'enterprise'] as const;

export const LOG_LEVELS = ['debug', 'info', 'warn', 'error', 'silent'] as const;

/** An origin as browsers send it: scheme, host and port alone. */
const ORIGIN = /^https?:\/\/[\w.-]+(?::\d+)?$/;

/** A shared secret would have to stand in the settings, and `none` proves nothing. */
const SIGNATURE_ALGORITHM = /^(?:[RPE]S(?:256|384|512)|EdDSA|Ed25519)$/;

/** Every setting by its environment name: what it may be, and what it is when not set. */
export const settings = z.object({
  PORT: whole(0, 65_535).default(4000),
  HOST: z
    .string()
    .regex(/^[\w.:%-]+$/, {
      error: (issue) => `must be a host name or an IP address; got ${quote(issue.input)}.`,
    })
    .default('127.0.0.1'),
  NODE_ENV: z.string().optional(),
  INTROSPECTION: flag().optional(),
  EXPLORER: flag().optional(),
  DATAWORKS_REGION: z
    .string()
    .regex(/^[a-z]{2}(-[a-z0-9]+)+$/, {
      error: (issue) => `must be a region id such as cn-shanghai; got ${quote(issue.input)}.`,
    })
    .optional(),
  DATAWORKS_ENDPOINT: z
    .string()
    .superRefine((text, context) => {
      const problem = endpointProblem(text);
      if (problem) context.addIssue({ code: 'custom', message: problem });
    })
    .optional(),
  DATAWORKS_EDITION: z
    .enum(EDITIONS, {
      error: (issue) => `must be one of ${EDITIONS.join(', ')}; got ${quote(issue.input)}.`,
    })
    .default('standard'),
  DATAWORKS_MAX_QPS: whole(1, 10_000).optional(),
  DATAWORKS_DAILY_CALLS: whole(1, 1_000_000_000).optional(),
  DATAWORKS_MONTHLY_CALLS: whole(1, 1_000_000_000).optional(),
  DATAWORKS_PAGE_SIZE: whole(10, 100).default(100),
  UPSTREAM_TRY_TIMEOUT_MS: whole(100, 60_000).default(4000),
  CACHE_FRESH_MS: whole(0, 86_400_000).default(5000),
  CACHE_STALE_MS: whole(0, 604_800_000).default(600_000),
  CACHE_MAX_BYTES: whole(1_000_000, 64_000_000_000).default(128_000_000),
  STORED_ANSWERS: flag().default(true),
  STORED_ANSWERS_MAX_BYTES: whole(100_000, 64_000_000_000).default(32_000_000),
  COMPILED_QUERIES: flag().default(true),
  REDIS_URL: z
    .string()
    .regex(/^rediss?:\/\/\S+$/, { error: () => 'must be a URL such as redis://127.0.0.1:6379.' })
    .optional(),
  DATAWORKS_ACCOUNT: z.string().optional(),
  REPLICAS: whole(1, 1000).optional(),
  REQUEST_DEADLINE_MS: whole(100, 120_000).default(10_000),
  MAX_OPERATION_CALLS: whole(1, 1000).default(10),
  MAX_BODY_BYTES: whole(1000, 10_000_000).default(100_000),
  MAX_TOKENS: whole(10, 100_000).default(2000),
  MAX_DEPTH: whole(1, 100).default(10),
  MAX_ALIASES: whole(0, 1000).default(15),
  MAX_ROOT_FIELDS: whole(1, 1000).default(5),
  MAX_DIRECTIVES: whole(0, 1000).default(20),
  MAX_SELECTIONS: whole(10, 10_000).default(1000),
  MAX_ROWS: whole(10, 1_000_000).default(4000),
  MAX_RESPONSE_BYTES: whole(10_000, 1_000_000_000).default(4_000_000),
  MAX_QUEUE_MS: whole(5, 60_000).default(1000),
  RATE_LIMIT_PER_SECOND: whole(1, 1_000_000).optional(),
  RATE_LIMIT_BURST: whole(1, 1_000_000).optional(),
  LIVE_MAX_PER_CALLER: whole(0, 1_000_000).optional(),
  LIVE_MAX_OBJECTS_PER_CALLER: whole(10, 1_000_000_000).optional(),
  LIVE_MAX: whole(0, 1_000_000).default(10_000),
  LIVE_IDLE_MS: whole(1000, 86_400_000).default(30_000),
  CORS_ORIGINS: list(ORIGIN, 'origins such as https://dashboards.example.com').default([]),
  PERSISTED_OPERATIONS_FILE: z.string().optional(),
  PERSISTED_OPERATIONS_ONLY: flag().default(false),
  AUTOMATIC_PERSISTED_QUERIES: flag().default(false),
  AUTH_TOKENS_FILE: z.string().optional(),
  AUTH_JWKS_URL: z
    .string()
    .refine(isKeySetUrl, {
      error: (issue) =>
        `must be an https URL, or http on a loopback address, with no user or password in it; got ${quote(issue.input)}.`,
    })
    .optional(),
  AUTH_JWKS_FILE: z.string().optional(),
  AUTH_ISSUER: z.string().optional(),
  AUTH_AUDIENCE: z.string().optional(),
  AUTH_ALGORITHMS: list(SIGNATURE_ALGORITHM, 'public-key algorithms such as RS256 or EdDSA').default([
    'RS256',
    'PS256',
    'ES256',
    'EdDSA',
  ]),
  AUTH_PROJECTS_CLAIM: z.string().default('projects'),
  AUTH_SCOPE_CLAIM: z.string().default('scope'),
  LOG_LEVEL: z
    .enum(LOG_LEVELS, {
      error: (issue) => `must be one of ${LOG_LEVELS.join(', ')}; got ${quote(issue.input)}.`,
    })
    .default('info'),
  METRICS: flag().default(true),
  SHUTDOWN_GRACE_MS: whole(0, 600_000).default(15_000),
});

/** Whether only this machine can reach a server that listens on the host. */
export function isLoopback(host: string): boolean {
  return host === 'localhost' || host === '::1' || /^127(\.\d{1,3}){3}$/.test(host);
}

function endpointProblem(text: string): string | null {
  const expected = 'must be a URL such as https://dataworks.cn-shanghai.aliyuncs.com';
  if (!URL.canParse(text)) return `${expected}; got ${quote(text)}.`;
  const { protocol, hostname, pathname, search, username, password } = new URL(text);
  if (username || password) return `${expected}, with no user or password in it.`;
  if (protocol !== 'https:' && protocol !== 'http:') return `${expected}; got ${quote(text)}.`;
  if (pathname !== '/' || search) return `${expected}, with no path or query; got ${quote(text)}.`;
  if (protocol === 'http:' && !isLoopback(hostname.replace(/^\[|\]$/g, ''))) {
    return `must be https, except for a loopback address; got ${quote(text)}.`;
  }
  return null;
}

function whole(min: number, max: number) {
  return z
    .string()
    .refine((text) => /^\d{1,15}$/.test(text) && Number(text) >= min && Number(text) <= max, {
      error: (issue) => `must be a whole number from ${min} to ${max}; got ${quote(issue.input)}.`,
    })
    .transform(Number);
}

function flag() {
  return z
    .enum(['on', 'off'], { error: (issue) => `must be on or off; got ${quote(issue.input)}.` })
    .transform((value) => value === 'on');
}

/** A value as a problem shows it: with no credential in it. */
export function quote(value: unknown): string {
  return JSON.stringify(withoutCredentials(String(value)));
}

function isKeySetUrl(text: string): boolean {
  if (!URL.canParse(text)) return false;
  const { protocol, hostname, username, password } = new URL(text);
  if (username || password) return false;
  return protocol === 'https:' || (protocol === 'http:' && isLoopback(hostname.replace(/^\[|\]$/g, '')));
}

/** Comma-separated, each element whole by the pattern. */
function list(element: RegExp, expected: string) {
  return z
    .string()
    .transform((text) => text.split(',').map((word) => word.trim()))
    .refine((words) => words.every((word) => element.test(word)), {
      error: (issue) => `must be a comma-separated list of ${expected}; got ${quote(issue.input)}.`,
    });
}
