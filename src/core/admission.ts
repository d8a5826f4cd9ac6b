import type { MaybePromise } from './maybePromise.ts';
import type { HttpError } from './errors.ts';
import type { Viewer } from './viewer.ts';
import type { Capability } from './viewer.ts';
import type { FastifyRequest } from 'fastify';
import type { FastifyReply } from 'fastify';
export interface Admission {
  /** Who asks, or why they go no further. To be asked before the body is read. */
  admit(request: FastifyRequest, reply: FastifyReply, needs?: Capability): MaybePromise<Viewer | HttpError>;
  /** The same for who comes by a socket and proves who they are there. */
  admitBySocket(visitor: Requester, authorization: string | undefined): MaybePromise<Viewer | HttpError>;
  /** The viewer behind an authorization that was admitted before, uncounted; null where it proves nothing any more. */
  revalidate(authorization: string | undefined): MaybePromise<Viewer | null>;
  /** Counts a request for a page, which needs no token: why it is refused, or null. */
  admitToPage(visitor: Pick<Requester, 'ip'>): HttpError | null;
  /** Counts one more operation of a caller who was admitted: why it goes no further, or null. */
  tooOften(viewer: Viewer, visitor: Pick<Requester, 'ip'>): HttpError | null;
}

/** Whoever knocks, as far as that decides about them. */
export interface Requester {
  id: string;
  /** Of the `host` header, without its port; empty without one. */
  hostname: string;
  ip: string;
}
