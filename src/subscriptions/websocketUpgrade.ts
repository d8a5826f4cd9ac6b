import { IncomingMessage, type ServerResponse, STATUS_CODES } from 'node:http';
import type { Duplex } from 'node:stream';
import type { HttpError } from '../core/errors.ts';

/*
 * What becomes of a request that asks for another protocol on its connection, before there is a socket to speak of.
 */

export interface UpgradeRules {
  /** Origins whose pages may open sockets, besides the gateway's own. */
  corsOrigins: readonly string[];
  isDraining: () => boolean;
  isFull: () => boolean;
  /** Whether one more socket of a remote address may wait for its authentication. */
  canTake: (address: string) => boolean;
  /** The remote address of the request. */
  address: string;
}

/** Why a request for a socket is refused; null where it is not. */
export function upgradeRefusal(request: IncomingMessage, rules: UpgradeRules): HttpError | null {
  if (pathOf(request) !== '/graphql') return notHere;
  if (isOfForeignPage(request, rules.corsOrigins)) return foreignPage;
  if (rules.isDraining()) return draining;
  if (rules.isFull()) return full;
  return rules.canTake(rules.address) ? null : tooManyPending;
}

/** Answers with the refusal in GraphQL's own form, as over HTTP, and hangs up. */
export function refuseUpgrade(socket: Duplex, { code, message, status, retryAfterMs }: HttpError): void {
  const body = JSON.stringify({ errors: [{ message, extensions: { code } }] });
  const head = [
    `HTTP/1.1 ${status} ${STATUS_CODES[status] ?? ''}`,
    'connection: close',
    'content-type: application/json; charset=utf-8',
    `content-length: ${Buffer.byteLength(body)}`,
    ...(retryAfterMs === undefined ? [] : [`retry-after: ${Math.ceil(retryAfterMs / 1000)}`]),
  ];
  // The peer may never close its side.
  socket.end(`${head.join('\r\n')}\r\n\r\n${body}`, () => socket.destroy());
}

/**
 * A request as the HTTP server parses it. Node hands every request with an `Upgrade` header to the server's `upgrade` listener and
 * frees its parser, whatever the protocol. This class reports an upgrade only for a WebSocket that can be opened now. All other
 * requests are answered as ordinary HTTP/1.1 requests, in order, which RFC 9110 allows for every `Upgrade` header.
 *
 * @see https://www.rfc-editor.org/rfc/rfc9110#section-7.8
 */
export class UpgradableRequest extends IncomingMessage {
  // Without an initializer: the constructor of IncomingMessage calls the setter before fields exist.
  declare private upgradeState: boolean | 'undecided';

  /** Decided once, when Node first reads it: the headers are complete then. */
  get upgrade(): boolean {
    if (this.upgradeState === 'undecided') {
      this.upgradeState = this.method === 'CONNECT' || (isWebSocketRequest(this) && canSwitch(this));
    }
    return this.upgradeState;
  }

  set upgrade(isRequested: boolean | null) {
    this.upgradeState = isRequested ? 'undecided' : false;
  }
}

/** Why an ordinary request is refused that asked for a WebSocket; null for all other requests. */
export function ordinaryRequestRefusal(request: IncomingMessage): HttpError | null {
  return isWebSocketRequest(request) ? notSwitchable : null;
}

/** Other protocols, such as the `h2c` of Java's first requests, are ignored. */
function isWebSocketRequest({ method, headers }: IncomingMessage): boolean {
  const connection = headers.connection?.toLowerCase().split(/[\s,]+/) ?? [];
  return method === 'GET' && headers.upgrade?.toLowerCase() === 'websocket' && connection.includes('upgrade');
}

/** A 101 must not overtake the response to an earlier request, and a body must not be read as the first frames. */
function canSwitch({ headers, socket }: IncomingMessage): boolean {
  const { _httpMessage: pendingResponse } = socket as { _httpMessage?: ServerResponse | null };
  return pendingResponse == null && !('content-length' in headers) && !('transfer-encoding' in headers);
}

/**
 * Browsers ask nobody before they open a socket to another site, and let its page read what comes: CORS does not hold for them.
 * What does is that they name the page's origin.
 */
function isOfForeignPage(
  { headers: { origin, host } }: IncomingMessage,
  allowed: readonly string[],
): boolean {
  if (origin === undefined || allowed.includes(origin)) return false;
  return !URL.canParse(origin) || new URL(origin).host !== host;
}

function pathOf({ url = '' }: IncomingMessage): string {
  return url.split('?', 1)[0] ?? '';
}

const notHere: HttpError = {
  code: 'BAD_REQUEST',
  message: 'There is nothing at this path: GraphQL is at /graphql.',
  status: 404,
};

const foreignPage: HttpError = {
  code: 'FORBIDDEN',
  message: 'Pages of this origin may not connect: have the operator add it to CORS_ORIGINS.',
  status: 403,
};

const notSwitchable: HttpError = {
  code: 'BAD_REQUEST',
  message:
    'A WebSocket needs a request without a body, on a connection whose earlier requests are all answered.',
  status: 400,
};

const draining: HttpError = {
  code: 'SHUTTING_DOWN',
  message: 'This gateway is shutting down and takes no new work: connect again, to another.',
  status: 503,
  retryAfterMs: 1000,
};

const full: HttpError = {
  code: 'TOO_MANY_SUBSCRIPTIONS',
  message: 'As many sockets are open as LIVE_MAX allows: try again later, or poll with a query.',
  status: 503,
  retryAfterMs: 10_000,
};

const tooManyPending: HttpError = {
  code: 'TOO_MANY_SUBSCRIPTIONS',
  message:
    'Too many sockets wait for their authentication: send connection_init at once, or try again later.',
  status: 503,
  retryAfterMs: 1000,
};
