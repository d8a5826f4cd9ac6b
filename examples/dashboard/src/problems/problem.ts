import { CombinedGraphQLErrors, ServerError } from '@apollo/client/errors';

/** An error as the user sees it. */
export interface Problem {
  /** The gateway's `extensions.code`, or one of our own if the gateway did not answer. */
  code: string;
  title: string;
  advice: string;
  /** Delay before a retry, in milliseconds; null if the gateway gave none. */
  retryAfterMs: number | null;
  /** Whether a retry cannot succeed until someone changes something. */
  isPermanent: boolean;
  /** DataWorks' request id, for a support ticket. */
  requestId: string | null;
}

/** Converts any error. The gateway's messages contain nothing secret and are shown where they say more than a fixed text. */
export function problemOf(error: unknown): Problem {
  if (!CombinedGraphQLErrors.is(error))
    return describe(ServerError.is(error) ? 'BAD_GATEWAY' : 'UNREACHABLE');
  const [first] = error.errors;
  const { code, retryAfterMs, upstream } = first?.extensions ?? {};
  return {
    ...describe(typeof code === 'string' ? code : 'INTERNAL_SERVER_ERROR', first?.message),
    retryAfterMs: typeof retryAfterMs === 'number' ? retryAfterMs : null,
    requestId: requestIdOf(upstream),
  };
}

/** Delay before the automatic retry, in milliseconds; null if a retry cannot succeed. */
export function retryDelayMs({ isPermanent, retryAfterMs }: Problem): number | null {
  if (isPermanent) return null;
  // A browser timer holds less than 25 days; a monthly quota can take longer to reset.
  return Math.min(Math.max(retryAfterMs ?? DEFAULT_DELAY_MS, MIN_DELAY_MS), MAX_DELAY_MS);
}

const DEFAULT_DELAY_MS = 5000;
const MIN_DELAY_MS = 500;
const MAX_DELAY_MS = 24 * 60 * 60 * 1000;

interface ProblemText {
  title: string;
  /** Null to show the gateway's message. */
  advice: string | null;
  isPermanent?: true;
}

const texts: Readonly<Record<string, ProblemText>> = {
  BAD_USER_INPUT: { title: 'The request is invalid', advice: null, isPermanent: true },
  UNAUTHENTICATED: {
    title: 'You are not signed in',
    advice: 'The gateway requires authentication. Sign in again.',
    isPermanent: true,
  },
  FORBIDDEN: {
    title: 'You do not have access to this workspace',
    advice: 'Ask the operator of the gateway for access.',
    isPermanent: true,
  },
  UPSTREAM_FORBIDDEN: {
    title: 'DataWorks does not let the gateway read this workspace',
    advice: 'Its account needs the right to read it. Ask an administrator of the workspace.',
    isPermanent: true,
  },
  UPSTREAM_REJECTED: { title: 'DataWorks rejected the request', advice: null, isPermanent: true },
  QUERY_TOO_EXPENSIVE: { title: 'The query is too expensive', advice: null, isPermanent: true },
  UPSTREAM_THROTTLED: {
    title: 'DataWorks is throttling requests',
    advice: 'The account has reached its limit of calls per second.',
  },
  UPSTREAM_QUOTA_EXHAUSTED: {
    title: 'The quota of DataWorks calls is used up',
    advice: 'DataWorks accepts no more calls until the quota resets.',
  },
  UPSTREAM_TIMEOUT: { title: 'DataWorks took too long', advice: 'It did not answer in time.' },
  UPSTREAM_UNAVAILABLE: {
    title: 'DataWorks is not available',
    advice: 'It could not be reached, or failed.',
  },
  UPSTREAM_INVALID_RESPONSE: {
    title: 'DataWorks sent an invalid response',
    advice: 'The gateway could not decode it.',
  },
  RATE_LIMITED: {
    title: 'You are sending too many requests',
    advice: 'The gateway limits the requests of each caller.',
  },
  REQUEST_TIMEOUT: { title: 'The gateway took too long', advice: 'It did not answer in time.' },
  OVERLOADED: {
    title: 'The gateway is overloaded',
    advice: 'It receives more requests than it can answer in time.',
  },
  SHUTTING_DOWN: { title: 'The gateway is restarting', advice: 'It will be available again in a moment.' },
  UNREACHABLE: { title: 'The gateway cannot be reached', advice: 'Is it running, and are you online?' },
  BAD_GATEWAY: {
    title: 'The gateway cannot be reached',
    advice: 'A server between this page and the gateway failed.',
  },
  INTERNAL_SERVER_ERROR: { title: 'Internal error of the gateway', advice: null },
};

function describe(code: string, message = ''): Problem {
  const {
    title,
    advice,
    isPermanent = false,
  } = texts[code] ?? { title: 'Something went wrong', advice: null };
  return { code, title, advice: advice ?? message, isPermanent, retryAfterMs: null, requestId: null };
}

function requestIdOf(upstream: unknown): string | null {
  if (typeof upstream !== 'object' || upstream === null || !('requestId' in upstream)) return null;
  return typeof upstream.requestId === 'string' ? upstream.requestId : null;
}
