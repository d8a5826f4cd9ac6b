import type { HttpError } from './errors.ts';
import type { Capability, Viewer } from './viewer.ts';

/** Decides who may send requests, and how often. */
export interface Admission {
  /**
   * Authenticates a request and counts it. Returns synchronously unless a signature must be verified, so that a rejected request
   * ends its connection before Node parses the next one.
   *
   * @param authorization the `authorization` header, or what a socket sends in its place
   * @param capability what the request needs besides a valid token
   */
  admit(
    requester: Requester,
    authorization: string | undefined,
    capability?: Capability,
  ): Viewer | HttpError | Promise<Viewer | HttpError>;
  /**
   * Returns the viewer of an authorization that was admitted before, without counting; null if it is no longer valid.
   *
   * @throws Error if the token cannot be verified at the moment.
   */
  revalidate(authorization: string | undefined): Promise<Viewer | null>;
  /** Counts a request for a page, which needs no token. Returns null if it may continue. */
  countPage(requester: Pick<Requester, 'ip'>): HttpError | null;
  /** Counts one more operation of an admitted caller. Returns null if it may continue. */
  countOperation(viewer: Viewer, requester: Pick<Requester, 'ip'>): HttpError | null;
}

/** The sender of a request, as far as admission depends on it. */
export interface Requester {
  id: string;
  /** The `host` header without its port; empty without the header. */
  hostname: string;
  ip: string;
}
