import { z } from 'zod';

/** Settings of the whole gateway, checked and frozen. Every name stands in the README's table. */
export interface Config {
  http: { host: string; port: number };
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
  /** How many gateways share the budget: what each may spend while they can't talk to each other. */
  replicas: number;
  /** How long one operation may take. */
  requestDeadlineMs: number;
  /** The most upstream calls that one operation may need. */
  maxOperationCalls: number;
}

export const EDITIONS = ['basic', 'standard', 'professional', 'enterprise'] as const;
export type Edition = (typeof EDITIONS)[number];

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

/** Whether only this machine can reach a server that listens on the host. */
export function isLoopback(host: string): boolean {
  return host === 'localhost' || host === '::1' || /^127(\.\d{1,3}){3}$/.test(host);
}

const settings = z.object({
  PORT: whole(0, 65_535).default(4000),
  HOST: z.string().default('127.0.0.1'),
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
  REDIS_URL: z
    .string()
    .regex(/^rediss?:\/\/\S+$/, { error: () => 'must be a URL such as redis://127.0.0.1:6379.' })
    .optional(),
  REPLICAS: whole(1, 1000).optional(),
  REQUEST_DEADLINE_MS: whole(100, 120_000).default(10_000),
  MAX_OPERATION_CALLS: whole(1, 1000).default(10),
});

/** What single settings can't tell. Works on the raw values, so that it is told together with all other problems. */
function problemsTogether(given: Readonly<Record<string, string | undefined>>): string[] {
  const problems: string[] = [];
  if (given['DATAWORKS_REGION'] === undefined && given['DATAWORKS_ENDPOINT'] === undefined) {
    problems.push(
      'DATAWORKS_REGION is not set: set it to the region of your workspaces, such as cn-shanghai, or set DATAWORKS_ENDPOINT.',
    );
  }
  if (given['HOST'] !== undefined && !isLoopback(given['HOST'])) {
    problems.push(
      `HOST must be a loopback address such as 127.0.0.1 while callers are not authenticated; got ${quote(given['HOST'])}.`,
    );
  }
  return problems;
}

function configOf(given: z.output<typeof settings>): Config {
  const production = given.NODE_ENV === 'production';
  return {
    http: { host: given.HOST, port: given.PORT },
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
    replicas: given.REPLICAS ?? (given.REDIS_URL === undefined ? 1 : 2),
    requestDeadlineMs: given.REQUEST_DEADLINE_MS,
    maxOperationCalls: given.MAX_OPERATION_CALLS,
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

function quote(value: unknown): string {
  return JSON.stringify(value);
}
