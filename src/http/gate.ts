import type { FastifyReply, FastifyRequest } from 'fastify';
import type { Capability, Viewer } from '../context.ts';
import { MASK, type Refusal } from '../errors.ts';
import type { Authenticator } from './authentication.ts';
import { type MaybePromise, whenThere } from './maybePromise.ts';
import type { RateLimit } from './rateLimit.ts';

export interface GateOptions {
  authenticator: Authenticator;
  /** Null where callers are not counted. */
  rateLimit: RateLimit | null;
  /** Told when callers can't be checked for want of the issuer's keys. */
  onBug: (error: unknown, requestId: string) => void;
}

export interface Gate {
  /** Who asks, or why they go no further. To be asked before the body is read. */
  admit(request: FastifyRequest, reply: FastifyReply, needs?: Capability): MaybePromise<Viewer | Refusal>;
  /** The same for who comes by a socket and proves who they are there. */
  admitBySocket(visitor: Visitor, authorization: string | undefined): MaybePromise<Viewer | Refusal>;
  /** The viewer behind an authorization that was admitted before, uncounted; null where it proves nothing any more. */
  revalidate(authorization: string | undefined): MaybePromise<Viewer | null>;
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
    return whenThere(identify(authorization, visitor), (viewer) => judge(viewer, visitor, needs, onUnproved));
  }

  function judge(
    viewer: Viewer | 'missing' | 'invalid' | null,
    visitor: Visitor,
    needs?: Capability,
    onUnproved?: (reason: 'missing' | 'invalid') => void,
  ): Viewer | Refusal {
    if (viewer === null) return keysAreAway;
    if (typeof viewer === 'string') {
      onUnproved?.(viewer);
      // Guessing is counted by address, which good tokens from there do not suffer from.
      return count(visitor.ip) ?? unauthenticated;
    }
    if (needs !== undefined && !viewer.may(needs)) return lacking(needs);
    return count(callerOf(viewer, visitor), needs) ?? viewer;
  }

  function identify(
    authorization: string | undefined,
    { id }: Visitor,
  ): MaybePromise<Viewer | 'missing' | 'invalid' | null> {
    const identified = authenticator.authenticate(authorization);
    if (!(identified instanceof Promise)) return identified;
    return identified.catch((error: unknown) => {
      onBug(error, id);
      return null;
    });
  }

  function callerOf({ name }: Viewer, visitor: Pick<Visitor, 'ip'>): string {
    return authenticator.isRequired ? name : visitor.ip;
  }

  /** What needs a capability is counted by itself: an operator who scrapes is not kept out by callers of the same address. */
  function count(caller: string, needs?: Capability): Refusal | null {
    const retryAfterMs = rateLimit?.take(needs === undefined ? caller : `${caller} ${needs}`) ?? 0;
    if (retryAfterMs === 0) return null;
    return {
      code: 'RATE_LIMITED',
      message: 'You send more requests than RATE_LIMIT_PER_SECOND and RATE_LIMIT_BURST allow a caller.',
      status: 429,
      retryAfterMs,
    };
  }

  return {
    admit,
    admitBySocket: decide,
    revalidate: (authorization) =>
      whenThere(authenticator.authenticate(authorization), (viewer) =>
        typeof viewer === 'string' ? null : viewer,
      ),
    tooOften: (viewer, visitor) => count(callerOf(viewer, visitor)),
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

const keysAreAway: Refusal = { code: 'INTERNAL_SERVER_ERROR', message: MASK, status: 503 };

function lacking(capability: Capability): Refusal {
  return { code: 'FORBIDDEN', message: `Ask for a token with the scope ${capability}.`, status: 403 };
}
