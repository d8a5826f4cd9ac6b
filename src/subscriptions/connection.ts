import type { IncomingHttpHeaders } from 'node:http';
import type { Server } from 'graphql-ws';
import type { WebSocket } from 'ws';
import type { Admission, Requester } from '../core/admission.ts';
import type { HttpError } from '../core/errors.ts';
import type { Viewer } from '../core/viewer.ts';
import { nestingError } from '../graphql/nesting.ts';
import { type BoundedSocketOptions, createBoundedSocket } from './boundedSocket.ts';
import { CLOSE } from './closeCodes.ts';

/** The client of a socket, as its upgrade request describes it. */
export interface Peer extends Requester {
  headers: IncomingHttpHeaders;
}

/** Only `ready` has a viewer. Nothing that arrives in `closing` has an effect. */
export type ConnectionState =
  | { phase: 'connecting' | 'authenticating' | 'closing' }
  | { phase: 'ready'; viewer: Viewer; authorization: string | undefined };

export interface Connection {
  readonly peer: Peer;
  readonly state: ConnectionState;
  /** Aborted when the connection ends, which is when either side begins to close it. */
  readonly closing: AbortSignal;
  /**
   * Handles `connection_init`. Returns false, and closes the connection, unless it becomes ready.
   *
   * @param authorization default: that of the upgrade request
   */
  authenticate(authorization: string | undefined): Promise<boolean>;
  /** Idempotent. The TCP connection is cut if the peer does not complete the closing handshake. */
  close(code: number, reason: string): void;
  terminate(): void;
}

interface ConnectionOptions extends Omit<BoundedSocketOptions, 'onMessage' | 'close'> {
  admission: Admission;
  /** Counts the connection for its viewer. Returns false if the viewer has too many. */
  claim: (viewer: Viewer) => boolean;
  /** Receives errors that are bugs. */
  onBug: (error: unknown) => void;
  /** Called once, when the TCP connection has closed. */
  onClosed: () => void;
}

/** From the handshake to the end of authentication, in milliseconds. */
const INIT_TIMEOUT_MS = 10_000;

/** How long the peer may take to complete a closing handshake, in milliseconds. */
export const CLOSE_GRACE_MS = 3000;

/** The longest message that is parsed before authentication, in bytes: far more than a token needs. */
const MAX_INIT_BYTES = 65_536;

/**
 * Owns one socket: its state, its timer, its bounds and its end. graphql-ws speaks the protocol through it and is notified once,
 * when closing begins.
 */
export function openConnection(
  server: Server<Connection>,
  socket: WebSocket,
  peer: Peer,
  options: ConnectionOptions,
): Connection {
  const { clock, onBug } = options;
  const closing = new AbortController();
  // One timer at a time: for authentication, then for the closing handshake.
  let cancelTimer = clock.after(INIT_TIMEOUT_MS, () =>
    close(CLOSE.initTimeout, 'Connection initialisation timeout'),
  );
  const bounded = createBoundedSocket(socket, { ...options, onMessage: receive, close });
  const connection: Connection & { state: ConnectionState } = {
    peer,
    state: { phase: 'connecting' },
    closing: closing.signal,
    authenticate,
    close,
    terminate: () => socket.terminate(),
  };
  let handle: (message: string) => Promise<void> = () => Promise.resolve();
  let endOperations: (code: number, reason: string) => Promise<void> = () => Promise.resolve();
  // For a malformed frame ws has closed the socket already, with the code of RFC 6455.
  socket.on('error', () => close(CLOSE.badRequest, 'Invalid frame received'));
  socket.once('close', (code, reason) => {
    close(code, reason.toString());
    cancelTimer();
    options.onClosed();
  });
  endOperations = server.opened(
    {
      protocol: socket.protocol,
      send: (message) => bounded.send(message),
      close: (code = 1000, reason = '') => close(code, reason),
      onMessage: (callback) => (handle = callback),
    },
    connection,
  );
  return connection;

  function receive(message: string): void {
    const { phase } = connection.state;
    const isTooLong = phase !== 'ready' && message.length > MAX_INIT_BYTES;
    if (isTooLong || nestingError(message, 'JSON')) {
      close(CLOSE.badRequest, 'Invalid message received');
      return;
    }
    handle(message).catch((error: unknown) => {
      if (isProtocolViolation(error)) close(CLOSE.badRequest, 'Invalid message received');
      else {
        onBug(error);
        close(CLOSE.internalError, 'Internal server error');
      }
    });
    // Before it is ready, only `connection_init` moves a connection on, and graphql-ws handles that synchronously.
    if (phase !== 'ready' && connection.state.phase === phase) {
      close(CLOSE.unauthorized, 'Unauthorized: send connection_init and wait for connection_ack first');
    }
  }

  async function authenticate(authorization = peer.headers.authorization): Promise<boolean> {
    connection.state = { phase: 'authenticating' };
    const viewer = await options.admission.admit(peer, authorization);
    if (closing.signal.aborted) return false;
    if ('code' in viewer) return reject(viewer);
    if (!options.claim(viewer)) return reject(tooManySockets);
    cancelTimer();
    connection.state = { phase: 'ready', viewer, authorization };
    return true;
  }

  function reject({ code, message, status }: HttpError): false {
    close(closeCodeOf[status] ?? CLOSE.tryAgainLater, `${code}: ${message}`);
    return false;
  }

  /** Ends the connection once. ws ignores the close frame if the socket is already closing. */
  function close(code: number, reason: string): void {
    if (connection.state.phase === 'closing') return;
    connection.state = { phase: 'closing' };
    cancelTimer();
    cancelTimer = clock.after(CLOSE_GRACE_MS, () => socket.terminate());
    socket.close(code, truncated(reason));
    bounded.end();
    closing.abort();
    endOperations(code, reason).catch(onBug);
  }
}

const closeCodeOf: Readonly<Record<number, number>> = { 401: CLOSE.unauthorized, 403: CLOSE.forbidden };

const tooManySockets: HttpError = {
  code: 'TOO_MANY_SUBSCRIPTIONS',
  message: 'The limit of open sockets (LIVE_MAX_PER_CALLER or LIVE_MAX) is reached.',
  status: 429,
};

/** What a close frame can hold besides its code, in bytes. */
const MAX_REASON_BYTES = 123;

/** Cuts between characters: half of one would be replaced by something longer. */
function truncated(reason: string): string {
  const bytes = Buffer.from(reason).subarray(0, MAX_REASON_BYTES);
  return new TextDecoder().decode(bytes, { stream: true });
}

/** graphql-ws throws for a message that only servers may send. */
function isProtocolViolation(error: unknown): boolean {
  return error instanceof Error && error.message.startsWith('Unexpected message of type');
}
