import { type Admission, addressKeyOf, type Requester } from '../core/admission.ts';
import { type HttpError, INTERNAL_ERROR_MESSAGE } from '../core/errors.ts';
import { anonymous, type Capability, type Viewer } from '../core/viewer.ts';
import type { Authenticate, AuthenticationResult } from './authentication.ts';
import { RETRY_WITHOUT_KEYS_MS } from './issuerKeys.ts';
import type { RateLimit } from './rateLimit.ts';

export interface AdmissionOptions {
  /** Null without authentication: every caller on this machine is the anonymous viewer. */
  authenticate: Authenticate | null;
  /** Null without a rate limit. */
  rateLimit: RateLimit | null;
  /** Called with unexpected errors. */
  onBug: (error: unknown, requestId: string) => void;
}

export function createAdmission({ authenticate, rateLimit, onBug }: AdmissionOptions): Admission {
  return {
    admit(requester, authorization, capability) {
      if (authenticate === null) {
        return LOOPBACK.test(requester.hostname) ? decide(anonymous, requester, capability) : foreignHost;
      }
      const canVerify = () => rateLimit === null || rateLimit.peek(addressOf(requester)) === 0;
      const result = authenticate(authorization, canVerify);
      if (!(result instanceof Promise)) return decide(result, requester, capability);
      return result
        .catch((error: unknown) => {
          onBug(error, requester.id);
          return 'unavailable' as const;
        })
        .then((verified) => decide(verified, requester, capability));
    },
    async revalidate(authorization) {
      if (authenticate === null) return anonymous;
      const result = await authenticate(authorization, () => true);
      if (result === 'unavailable' || result === 'unchecked') {
        throw new Error('The token cannot be verified at the moment.');
      }
      return typeof result === 'string' ? null : result;
    },
    countPage: (requester) => count(`page:${addressKeyOf(requester.ip)}`),
    countOperation: (viewer, requester) => count(callerOf(viewer, requester)),
  };

  function decide(
    result: AuthenticationResult,
    requester: Requester,
    capability: Capability | undefined,
  ): Viewer | HttpError {
    if (typeof result === 'string') {
      const address = addressOf(requester);
      if (result === 'unchecked') return rateLimited(Math.max(1, rateLimit?.peek(address) ?? 0));
      // Failures count by address: a token that was valid before is accepted from there all the same.
      return count(address) ?? failures[result];
    }
    if (rateLimit !== null) {
      const caller = callerOf(result, requester);
      // Counted apart, so that callers of the same address do not keep an operator from scraping.
      const limited = count(capability === undefined ? caller : `${capability}:${caller}`);
      if (limited !== null) return { ...limited, keepsConnection: true };
    }
    if (capability === undefined || result.may(capability)) return result;
    return { code: 'FORBIDDEN', message: `Request a token with the scope ${capability}.`, status: 403 };
  }

  function callerOf(viewer: Viewer, requester: Pick<Requester, 'ip'>): string {
    return authenticate === null ? addressOf(requester) : viewer.callerId;
  }

  function count(key: string): HttpError | null {
    const retryAfterMs = rateLimit?.take(key) ?? 0;
    return retryAfterMs === 0 ? null : rateLimited(retryAfterMs);
  }
}

/** The key of an address' counter. It differs from all caller ids, which start with `token:` or `jwt:`. */
function addressOf({ ip }: Pick<Requester, 'ip'>): string {
  return `address:${addressKeyOf(ip)}`;
}

/**
 * Prevents DNS rebinding: a page of any site can have its name resolve to 127.0.0.1, but cannot send `host: localhost`.
 * A request without a `host` header does not come from a browser.
 */
const LOOPBACK = /^(?:|(?:[\w-]+\.)*localhost|127(?:\.\d{1,3}){3}|\[::1\])$/i;

function rateLimited(retryAfterMs: number): HttpError {
  return {
    code: 'RATE_LIMITED',
    message:
      'Too many requests: RATE_LIMIT_PER_SECOND and RATE_LIMIT_BURST bound the requests of each caller.',
    status: 429,
    retryAfterMs,
  };
}

/** RFC 6750: the challenge has no error code if the request has no credentials. */
export const unauthenticated: HttpError = {
  code: 'UNAUTHENTICATED',
  message:
    'Send the header "authorization: Bearer <token>" with a token that this gateway knows and that has not expired.',
  status: 401,
  challenge: 'Bearer realm="graphql"',
};

const foreignHost: HttpError = {
  code: 'FORBIDDEN',
  message: 'Without authentication, this gateway accepts only requests to localhost.',
  status: 403,
};

/** The response to a request whose authentication failed. */
const failures: Readonly<Record<Exclude<AuthenticationResult, Viewer | 'unchecked'>, HttpError>> = {
  missing: unauthenticated,
  invalid: { ...unauthenticated, challenge: 'Bearer realm="graphql", error="invalid_token"' },
  unavailable: {
    code: 'INTERNAL_SERVER_ERROR',
    message: INTERNAL_ERROR_MESSAGE,
    status: 503,
    retryAfterMs: RETRY_WITHOUT_KEYS_MS,
  },
};
