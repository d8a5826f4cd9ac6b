import type { Requester } from '../core/admission.ts';
import type { Admission } from '../core/admission.ts';
import type { FastifyReply, FastifyRequest } from 'fastify';
import type { Capability, Viewer } from '../core/viewer.ts';
import { MASK, type HttpError } from '../core/errors.ts';
import { addressKeyOf } from '../core/addresses.ts';
import type { Authenticator } from './authentication.ts';
import { COOL_DOWN_WITHOUT_KEYS_MS } from './keySet.ts';
import { type MaybePromise, whenThere } from '../core/maybePromise.ts';
import type { RateLimit } from './rateLimit.ts';

export interface AdmissionOptions {
  authenticator: Authenticator;
  /** Null where callers are not counted. */
  rateLimit: RateLimit | null;
  /** Called with errors that are bugs. */
  onBug: (error: unknown, requestId: string) => void;
}

/** Decides who comes in: whoever proves a name, or anybody where none must be proved, and nobody too often. */
export function createAdmission({ authenticator, rateLimit, onBug }: AdmissionOptions): Admission {
  function admit(
    request: FastifyRequest,
    reply: FastifyReply,
    needs?: Capability,
  ): MaybePromise<Viewer | HttpError> {
    const { authorization } = request.headers;
    return decide(
      request,
      authorization,
      needs,
      (reason) => void reply.header('www-authenticate', challenge(reason)),
    );
  }

  function decide(
    visitor: Requester,
    authorization: string | undefined,
    needs?: Capability,
    onUnproved?: (reason: 'missing' | 'invalid') => void,
  ): MaybePromise<Viewer | HttpError> {
    if (!authenticator.isRequired && !isOfThisMachine(visitor.hostname)) return foreignHost;
    return whenThere(identify(authorization, visitor), (identified) =>
      judge(identified, visitor, needs, onUnproved),
    );
  }

  function judge(
    identified: Identified,
    visitor: Requester,
    needs?: Capability,
    onUnproved?: (reason: 'missing' | 'invalid') => void,
  ): Viewer | HttpError {
    const address = counters.address(visitor);
    if (identified === 'unchecked') return rateLimited(Math.max(1, rateLimit?.peek(address) ?? 0));
    // Failures are counted by address, which a token from there that was valid before does not suffer from.
    if (identified === 'unavailable') return count(address) ?? keysUnavailable;
    if (typeof identified === 'string') {
      onUnproved?.(identified);
      return count(address) ?? unauthenticated;
    }
    const refusal = count(callerOf(identified, visitor, needs));
    if (refusal !== null) return { ...refusal, isOfKnownCaller: true };
    return needs !== undefined && !identified.may(needs) ? lacking(needs) : identified;
  }

  function identify(authorization: string | undefined, visitor: Requester): MaybePromise<Identified> {
    const mayVerify = () => (rateLimit?.peek(counters.address(visitor)) ?? 0) === 0;
    const identified = authenticator.authenticate(authorization, mayVerify);
    if (!(identified instanceof Promise)) return identified;
    return identified.catch((error: unknown) => {
      onBug(error, visitor.id);
      return 'unavailable';
    });
  }

  function callerOf(viewer: Viewer, visitor: Pick<Requester, 'ip'>, needs?: Capability): string {
    const caller = authenticator.isRequired ? viewer.callerId : counters.address(visitor);
    return needs === undefined ? caller : counters.capability(needs, caller);
  }

  function count(counter: string): HttpError | null {
    const retryAfterMs = rateLimit?.take(counter) ?? 0;
    return retryAfterMs === 0 ? null : rateLimited(retryAfterMs);
  }

  return {
    admit,
    admitBySocket: decide,
    revalidate: (authorization) =>
      whenThere(authenticator.authenticate(authorization), (viewer) => {
        if (viewer === 'unavailable' || viewer === 'unchecked') {
          throw new Error('The token cannot be verified at the moment.');
        }
        return typeof viewer === 'string' ? null : viewer;
      }),
    admitToPage: (visitor) => count(counters.page(visitor)),
    tooOften: (viewer, visitor) => count(callerOf(viewer, visitor)),
  };
}

/** What came of looking at who asks. */
type Identified = Awaited<ReturnType<Authenticator['authenticate']>>;

/**
 * Names of the counters that are not a caller's own; those of callers are their ids, which begin otherwise. What needs a
 * capability is counted apart: an operator who scrapes is not kept out by callers of the same address.
 */
const counters = {
  address: ({ ip }: Pick<Requester, 'ip'>) => `address:${addressKeyOf(ip)}`,
  page: ({ ip }: Pick<Requester, 'ip'>) => `page:${addressKeyOf(ip)}`,
  capability: (needs: Capability, caller: string) => `${needs}:${caller}`,
};

function rateLimited(retryAfterMs: number): HttpError {
  return {
    code: 'RATE_LIMITED',
    message: 'You send more requests than RATE_LIMIT_PER_SECOND and RATE_LIMIT_BURST allow a caller.',
    status: 429,
    retryAfterMs,
  };
}

/**
 * A page of any site can have its name resolve to this machine and then send its own reader's browser here. What it can't do is
 * name this machine in `host`. Without one the caller is no browser.
 */
function isOfThisMachine(hostname: string): boolean {
  return hostname === '' || /^(?:(?:[\w-]+\.)*localhost|127(?:\.\d{1,3}){3}|\[::1\])$/i.test(hostname);
}

/** RFC 6750: no error code for a caller that has not tried yet. */
function challenge(reason: 'missing' | 'invalid'): string {
  return reason === 'missing' ? 'Bearer realm="graphql"' : 'Bearer realm="graphql", error="invalid_token"';
}

const unauthenticated: HttpError = {
  code: 'UNAUTHENTICATED',
  message:
    'Send authorization: Bearer <token>, with a token that this gateway knows and that has not expired.',
  status: 401,
};

const foreignHost: HttpError = {
  code: 'FORBIDDEN',
  message: 'Without authentication this gateway answers only its own machine, as localhost.',
  status: 403,
};

const keysUnavailable: HttpError = {
  code: 'INTERNAL_SERVER_ERROR',
  message: MASK,
  status: 503,
  retryAfterMs: COOL_DOWN_WITHOUT_KEYS_MS,
};

function lacking(capability: Capability): HttpError {
  return { code: 'FORBIDDEN', message: `Ask for a token with the scope ${capability}.`, status: 403 };
}
