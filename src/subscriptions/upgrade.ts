import { IncomingMessage, type ServerResponse } from 'node:http';
import { type HttpError, shuttingDown } from '../core/errors.ts';

export interface UpgradeRules {
  /** Origins whose pages may open sockets, besides the gateway's own. */
  corsOrigins: readonly string[];
  /** Aborted when the server closes. */
  draining: AbortSignal;
  isFull: () => boolean;
  /** Whether one more socket of a remote address may wait for its authentication. */
  canOpen: (address: string) => boolean;
}

/** Returns the error for a request for a WebSocket that cannot be opened now, or null. */
export function upgradeErrorOf(request: IncomingMessage, rules: UpgradeRules): HttpError | null {
  if (!canSwitch(request)) return notSwitchable;
  if (isFromForeignPage(request, rules.corsOrigins)) return foreignPage;
  if (rules.draining.aborted) return shuttingDown;
  if (rules.isFull()) return full;
  return rules.canOpen(request.socket.remoteAddress ?? '') ? null : tooManyPending;
}

/** A request as `upgradableRequest` makes it. */
export interface UpgradableRequest extends IncomingMessage {
  /** The response to a request for a WebSocket that cannot be opened; null for all other requests. */
  upgradeError: HttpError | null;
}

/**
 * Returns the class that an HTTP server must use for its requests. Before 24.9, Node hands every request with an `Upgrade` header
 * to the `upgrade` listener and frees its parser, whatever the protocol. This class reports an upgrade only for a WebSocket that
 * can be opened now. All other requests are answered as ordinary HTTP/1.1 requests, in order, which RFC 9110 allows for every
 * `Upgrade` header.
 *
 * @see https://www.rfc-editor.org/rfc/rfc9110#section-7.8
 */
export function upgradableRequest(
  errorOf: (request: IncomingMessage) => HttpError | null,
): typeof IncomingMessage {
  return class extends IncomingMessage implements UpgradableRequest {
    // Without initializers: the constructor of IncomingMessage calls the setter before fields exist.
    declare upgradeError: HttpError | null;
    declare isUpgrade: boolean | null;

    /** Decided when Node first reads it: the headers are complete then. */
    get upgrade(): boolean {
      this.isUpgrade ??= this.method === 'CONNECT' || (asksForWebSocket(this) && this.isAccepted());
      return this.isUpgrade;
    }

    set upgrade(isRequested: boolean | null) {
      if (!isRequested) {
        this.isUpgrade = false;
        this.upgradeError = null;
      } else if (this.isUpgrade === false) this.isUpgrade = null;
    }

    isAccepted(): boolean {
      this.upgradeError = errorOf(this);
      return this.upgradeError === null;
    }
  };
}

/** Other protocols, such as the `h2c` of Java's first requests, are ignored. */
function asksForWebSocket({ method, headers, url = '' }: IncomingMessage): boolean {
  const isForGraphQL = url.split('?', 1)[0] === '/graphql';
  return method === 'GET' && isForGraphQL && headers.upgrade?.toLowerCase() === 'websocket';
}

/** A 101 must not overtake the response to an earlier request, and a body must not be read as the first frames. */
function canSwitch({ headers, socket }: IncomingMessage): boolean {
  const { _httpMessage: pendingResponse } = socket as { _httpMessage?: ServerResponse | null };
  return pendingResponse == null && !('content-length' in headers) && !('transfer-encoding' in headers);
}

/** CORS does not apply to sockets: browsers open them to any site and let the page read what arrives, but send its origin. */
function isFromForeignPage(
  { headers: { origin, host } }: IncomingMessage,
  allowed: readonly string[],
): boolean {
  if (origin === undefined || allowed.includes(origin)) return false;
  return !URL.canParse(origin) || new URL(origin).host !== host;
}

const foreignPage: HttpError = {
  code: 'FORBIDDEN',
  message: 'Pages of this origin may not connect: ask the operator to add it to CORS_ORIGINS.',
  status: 403,
};

const notSwitchable: HttpError = {
  code: 'BAD_REQUEST',
  message:
    'A WebSocket needs a request without a body, on a connection whose earlier requests are all answered.',
  status: 400,
};

const full: HttpError = {
  code: 'TOO_MANY_SUBSCRIPTIONS',
  message: 'The limit of open sockets (LIVE_MAX) is reached: try again later, or poll with a query.',
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
