import type { FastifyReply, FastifyRequest } from 'fastify';
import type { Capability, Viewer } from '../context.ts';
import { MASK, type Refusal } from '../errors.ts';
import { addressKeyOf } from './addresses.ts';
import type { Authenticator } from './authentication.ts';
import { COOL_DOWN_WITHOUT_KEYS_MS } from './keySet.ts';
import { type MaybePromise, whenThere } from './maybePromise.ts';
import type { RateLimit } from './rateLimit.ts';

export interface GateOptions {
  authenticator: Authenticator;
  /** Null where callers are not counted. */
  rateLimit: RateLimit | null;
  /** Called with errors that are bugs. */
  onBug: (error: unknown, requestId: string) => void;
}

export interface Gate {
  /** Who asks, or why they go no further. To be asked before the body is read. */
  admit(request: FastifyRequest, reply: FastifyReply, needs?: Capability): MaybePromise<Viewer | Refusal>;
  /** The same for who comes by a socket and proves who they are there. */
  admitBySocket(visitor: Visitor, authorization: string | undefined): MaybePromise<Viewer | Refusal>;
  /** The viewer behind an authorization that was admitted before, uncounted; null where it proves nothing any more. */
  revalidate(authorization: string | undefined): MaybePromise<Viewer | null>;
  /** Counts a request for a page, which needs no token: why it is refused, or null. */
  admitToPage(visitor: Pick<Visitor, 'ip'>): Refusal | null;
  /** Counts one more operation of a caller who was admitted: why it goes no further, or null. */
  tooOften(viewer: Viewer, visitor: Pick<Visitor, 'ip'>): Refusal | null;
}

/** Whoever knocks, as far as that decides about them. */
export interface Visitor {
  id: string;
  /** Of the `host` header, without its port; empty without one. */
  hostname: string;
  ip: string;
}

/** Decides who comes in: whoever proves a name, or anybody where none must be proved, and nobody too often. */
export function createGate({ authenticator, rateLimit, onBug }: GateOptions): Gate {
  function admit(
    request: FastifyRequest,
    reply: FastifyReply,
    needs?: Capability,
  ): MaybePromise<Viewer | Refusal> {
    const { authorization } = request.headers;
    return decide(
      request,
      authorization,
      needs,
      (reason) => void reply.header('www-authenticate', challenge(reason)),
    );
  }

  function decide(
    visitor: Visitor,
    authorization: string | undefined,
    needs?: Capability,
    onUnproved?: (reason: 'missing' | 'invalid') => void,
  ): MaybePromise<Viewer | Refusal> {
    if (!authenticator.isRequired && !isOfThisMachine(visitor.hostname)) return foreignHost;
    return whenThere(identify(authorization, visitor), (identified) =>
      judge(identified, visitor, needs, onUnproved),
    );
  }

  function judge(
    identified: Identified,
    visitor: Visitor,
    needs?: Capability,
    onUnproved?: (reason: 'missing' | 'invalid') => void,
  ): Viewer | Refusal {
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

  function identify(authorization: string | undefined, visitor: Visitor): MaybePromise<Identified> {
    const mayVerify = () => (rateLimit?.peek(counters.address(visitor)) ?? 0) === 0;
    const identified = authenticator.authenticate(authorization, mayVerify);
    if (!(identified instanceof Promise)) return identified;
    return identified.catch((error: unknown) => {
      onBug(error, visitor.id);
      return 'unavailable';
    });
  }

  function callerOf(viewer: Viewer, visitor: Pick<Visitor, 'ip'>, needs?: Capability): string {
    const caller = authenticator.isRequired ? viewer.callerId : counters.address(visitor);
    return needs === undefined ? caller : counters.capability(needs, caller);
  }

  function count(counter: string): Refusal | null {
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
  address: ({ ip }: Pick<Visitor, 'ip'>) => `address:${addressKeyOf(ip)}`,
  page: ({ ip }: Pick<Visitor, 'ip'>) => `page:${addressKeyOf(ip)}`,
  capability: (needs: Capability, caller: string) => `${needs}:${caller}`,
};

function rateLimited(retryAfterMs: number): Refusal {
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

const unauthenticated: Refusal = {
  code: 'UNAUTHENTICATED',
  message:
    'Send authorization: Bearer <token>, with a token that this gateway knows and that has not expired.',
  status: 401,
};

const foreignHost: Refusal = {
  code: 'FORBIDDEN',
  message: 'Without authentication this gateway answers only its own machine, as localhost.',
  status: 403,
};

const keysUnavailable: Refusal = {
  code: 'INTERNAL_SERVER_ERROR',
  message: MASK,
  status: 503,
  retryAfterMs: COOL_DOWN_WITHOUT_KEYS_MS,
};

function lacking(capability: Capability): Refusal {
  return { code: 'FORBIDDEN', message: `Ask for a token with the scope ${capability}.`, status: 403 };
}
