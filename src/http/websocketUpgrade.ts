import type { IncomingMessage, Server } from 'node:http';
import { STATUS_CODES } from 'node:http';
import type { Duplex } from 'node:stream';
import type { Refusal } from '../errors.ts';

/*
 * What becomes of a request that asks for another protocol on its connection, before there is a socket to speak of.
 */

export interface UpgradeRules {
  /** Origins whose pages may open sockets, besides the gateway's own. */
  corsOrigins: readonly string[];
  isDraining: () => boolean;
  isFull: () => boolean;
}

/** Why a request for a socket is refused; null where it is not. */
export function upgradeRefusal(request: IncomingMessage, rules: UpgradeRules): Refusal | null {
  if (pathOf(request) !== '/graphql') return notHere;
  if (isOfForeignPage(request, rules.corsOrigins)) return foreignPage;
  if (rules.isDraining()) return draining;
  return rules.isFull() ? full : null;
}

/** Answers with the refusal in GraphQL's own form, as over HTTP, and hangs up. */
export function refuseUpgrade(socket: Duplex, { code, message, status, retryAfterMs }: Refusal): void {
  const body = JSON.stringify({ errors: [{ message, extensions: { code } }] });
  const head = [
    `HTTP/1.1 ${status} ${STATUS_CODES[status] ?? ''}`,
    'connection: close',
    'content-type: application/json; charset=utf-8',
    `content-length: ${Buffer.byteLength(body)}`,
    ...(retryAfterMs === undefined ? [] : [`retry-after: ${Math.ceil(retryAfterMs / 1000)}`]),
  ];
  socket.end(`${head.join('\r\n')}\r\n\r\n${body}`);
}

/** Whether it is a WebSocket that the request asks for, and not `h2c`, as clients of Java do with every first request. */
export function asksForWebSocket({ method, headers }: IncomingMessage): boolean {
  return method === 'GET' && headers.upgrade?.toLowerCase() === 'websocket';
}

/**
 * Gives a request that asked for a protocol which is not spoken here back to the server, to be answered in HTTP/1.1 as RFC 9110
 * has it. Node keeps to that by itself only where nobody listens for upgrades, and hands them over with their parser gone.
 *
 * @see https://www.rfc-editor.org/rfc/rfc9110#section-7.8
 */
export function serveWithoutUpgrade(
  server: Server,
  request: IncomingMessage,
  socket: Duplex,
  rest: Buffer,
): void {
  const lines = [`${request.method ?? ''} ${request.url ?? ''} HTTP/1.1`];
  for (let index = 0; index < request.rawHeaders.length; index += 2) {
    const [name = '', value = ''] = request.rawHeaders.slice(index, index + 2);
    if (name.toLowerCase() === 'connection') lines.push(`${name}: ${withoutUpgrade(value)}`);
    else if (!OF_UPGRADES.has(name.toLowerCase())) lines.push(`${name}: ${value}`);
  }
  socket.unshift(Buffer.concat([Buffer.from(`${lines.join('\r\n')}\r\n\r\n`, 'latin1'), rest]));
  server.emit('connection', socket);
}

const OF_UPGRADES: ReadonlySet<string> = new Set(['upgrade', 'http2-settings']);

function withoutUpgrade(connection: string): string {
  const options = connection.split(',').map((option) => option.trim());
  return options.filter((option) => !OF_UPGRADES.has(option.toLowerCase())).join(', ');
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

const notHere: Refusal = {
  code: 'BAD_REQUEST',
  message: 'There is nothing at this path: GraphQL is at /graphql.',
  status: 404,
};

const foreignPage: Refusal = {
  code: 'FORBIDDEN',
  message: 'Pages of this origin may not connect: have the operator add it to CORS_ORIGINS.',
  status: 403,
};

const draining: Refusal = {
  code: 'SHUTTING_DOWN',
  message: 'This gateway is shutting down and takes no new work: connect again, to another.',
  status: 503,
  retryAfterMs: 1000,
};

const full: Refusal = {
  code: 'TOO_MANY_SUBSCRIPTIONS',
  message: 'As many sockets are open as LIVE_MAX allows: try again later, or poll with a query.',
  status: 503,
  retryAfterMs: 10_000,
};
