import { CombinedGraphQLErrors, ServerError } from '@apollo/client/errors';

/** What went wrong, in the reader's words. */
export interface Problem {
  /** The gateway's `extensions.code`, or one of our own where no answer of the gateway's came. */
  code: string;
  title: string;
  advice: string;
  /** How long to wait before asking again, in milliseconds, where the gateway said so. */
  retryAfterMs: number | null;
  /** Asking again changes nothing: someone has to change something first. */
  isLasting: boolean;
  /** DataWorks' request id, for a support ticket. */
  requestId: string | null;
}

/** Any error as a problem. Messages of the gateway hold nothing secret and are shown where they say more than we could. */
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

/** How long to wait before asking again, in milliseconds; null where that changes nothing. */
export function retryDelayMs({ isLasting, retryAfterMs }: Problem): number | null {
  if (isLasting) return null;
  // A timer of the browser's holds less than 25 days; the allowance of a month may take longer.
  return Math.min(Math.max(retryAfterMs ?? UNTOLD_DELAY_MS, MIN_DELAY_MS), MAX_DELAY_MS);
}

const UNTOLD_DELAY_MS = 5000;
const MIN_DELAY_MS = 500;
const MAX_DELAY_MS = 24 * 60 * 60 * 1000;

interface Words {
  title: string;
  /** Null where the gateway's own message is the best advice. */
  advice: string | null;
  isLasting?: true;
}

const words: Readonly<Record<string, Words>> = {
  BAD_USER_INPUT: { title: 'The gateway cannot look this up', advice: null, isLasting: true },
  UNAUTHENTICATED: {
    title: 'You are not signed in',
    advice: 'The gateway wants to know who asks. Sign in again.',
    isLasting: true,
  },
  FORBIDDEN: {
    title: 'You may not see this workspace',
    advice: 'Ask whoever runs the gateway to let you read it.',
    isLasting: true,
  },
  UPSTREAM_FORBIDDEN: {
    title: 'DataWorks does not let the gateway read this workspace',
    advice: 'Its account needs the right to read it. Ask an administrator of the workspace.',
    isLasting: true,
  },
  UPSTREAM_REJECTED: { title: 'DataWorks refused to answer this', advice: null, isLasting: true },
  QUERY_TOO_EXPENSIVE: { title: 'This is too much to ask at once', advice: null, isLasting: true },
  UPSTREAM_THROTTLED: {
    title: 'DataWorks is busy',
    advice: 'The account has made as many calls as DataWorks allows in a second.',
  },
  UPSTREAM_QUOTA_EXHAUSTED: {
    title: 'The allowance of DataWorks calls is used up',
    advice: 'DataWorks answers no more until it is renewed.',
  },
  UPSTREAM_TIMEOUT: { title: 'DataWorks took too long', advice: 'It did not answer in time.' },
  UPSTREAM_UNAVAILABLE: {
    title: 'DataWorks is not available',
    advice: 'It could not be reached, or failed.',
  },
  UPSTREAM_INVALID_RESPONSE: {
    title: 'DataWorks answered nonsense',
    advice: 'The gateway could not read what came back.',
  },
  RATE_LIMITED: { title: 'You are asking too often', advice: 'The gateway lets everyone have a turn.' },
  REQUEST_TIMEOUT: { title: 'The gateway took too long', advice: 'It did not answer in time.' },
  OVERLOADED: {
    title: 'The gateway has too much to do',
    advice: 'It is asked for more than it can answer in time.',
  },
  SHUTTING_DOWN: { title: 'The gateway is restarting', advice: 'It will be back in a moment.' },
  UNREACHABLE: { title: 'The gateway cannot be reached', advice: 'Is it running, and are you online?' },
  BAD_GATEWAY: {
    title: 'The gateway cannot be reached',
    advice: 'Something between here and it has failed.',
  },
  INTERNAL_SERVER_ERROR: { title: 'The gateway met an error of its own', advice: null },
};

function describe(code: string, message = ''): Problem {
  const { title, advice, isLasting = false } = words[code] ?? { title: 'Something went wrong', advice: null };
  return { code, title, advice: advice ?? message, isLasting, retryAfterMs: null, requestId: null };
}

function requestIdOf(upstream: unknown): string | null {
  if (typeof upstream !== 'object' || upstream === null || !('requestId' in upstream)) return null;
  return typeof upstream.requestId === 'string' ? upstream.requestId : null;
}
