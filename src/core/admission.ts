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

/**
 * Returns the key that an address is counted by: an IPv4 address, also if it is mapped to IPv6, or the /64 network of an IPv6
 * address, because one client can have all addresses of such a network.
 */
export function addressKeyOf(ip: string): string {
  const mapped = /^::ffff:(\d+\.\d+\.\d+\.\d+)$/i.exec(ip)?.[1];
  if (mapped !== undefined) return mapped;
  if (!ip.includes(':')) return ip;
  const [head = '', tail = ''] = ip.split('::');
  const [first, last] = [groupsOf(head), groupsOf(tail)];
  const zeros = Array<string>(Math.max(0, 8 - first.length - last.length)).fill('0');
  return `${[...first, ...zeros, ...last].slice(0, 4).join(':')}::/64`;
}

function groupsOf(text: string): string[] {
  return text.split(':').flatMap((group) => (group === '' ? [] : [parseInt(group, 16).toString(16)]));
}
