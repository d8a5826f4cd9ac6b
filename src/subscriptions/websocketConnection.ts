import type { Server } from 'graphql-ws';
import type { WebSocket } from 'ws';
import type { Viewer } from '../core/viewer.ts';
import type { Clock } from '../core/clock.ts';
import { jsonNestingRefusal } from '../graphql/nesting.ts';
import type { SocketPlace } from './socketPlaces.ts';
import { type BucketSize, createTokenBucket, type Turns } from './socketTraffic.ts';
import { createInbox } from './websocketInbox.ts';
import { createOutbox } from './websocketOutbox.ts';

/** Codes with which the gateway closes a socket. */
export const CLOSE = {
  /** graphql-ws: to come back with the same proof is in vain. */
  unauthorized: 4401,
  /** graphql-ws: to come back with a new proof may help. */
  forbidden: 4403,
  /** graphql-ws: not authenticated in time. */
  initTimeout: 4408,
  /** graphql-ws: a second `connection_init`. */
  tooManyInits: 4429,
  /** More is sent to it than it takes: it can come back, and will be told of the present state. */
  slowConsumer: 4413,
  /** IANA: the server goes away. */
  goingAway: 1001,
  /** IANA: too often, or too many. */
  tryAgainLater: 1013,
  badRequest: 4400,
  internalError: 4500,
} as const;

/** What a connection is in. Only `ready` has a viewer, and nothing that arrives from `closing` on has an effect. */
export type ConnectionState =
  | { phase: 'connecting' | 'authenticating' }
  | { phase: 'ready'; viewer: Viewer; authorization: string | undefined }
  | { phase: 'closing' | 'closed' };

export interface Connection {
  readonly state: ConnectionState;
  /** Fires when the connection begins to close, whoever closes it. */
  readonly ended: AbortSignal;
  /** Returns false, and changes nothing, where the caller has too many sockets or the connection waits for no authentication. */
  admit(viewer: Viewer, authorization: string | undefined): boolean;
  /** Idempotent. The TCP connection is cut after a grace. */
  close(code: number, reason: string): void;
  terminate(): void;
}

export interface ConnectionOptions {
  clock: Clock;
  turns: Turns;
  place: SocketPlace;
  /** Of the messages and control frames that the socket may send. */
  bucket: BucketSize;
  /** Told of errors that are bugs. */
  onBug: (error: unknown) => void;
  /** Called once, when the TCP connection is gone. */
  onClosed: () => void;
}

/** From the handshake to the end of authentication, in milliseconds. */
export const INIT_TIMEOUT_MS = 10_000;

/** How long the other side may take to complete a closing handshake before the TCP connection is cut, in milliseconds. */
export const CLOSE_GRACE_MS = 3000;

/**
 * Owns one socket: its state, its place, its timers and what waits in either direction. graphql-ws speaks through it and is told
 * of its end once, when closing begins.
 */
export function openConnection<Extra>(
  server: Server<Extra>,
  socket: WebSocket,
  extraOf: (connection: Connection) => Extra,
  options: ConnectionOptions,
): Connection {
  const { clock, place, onBug, onClosed } = options;
  const ended = new AbortController();
  let state: ConnectionState = { phase: 'connecting' };
  let endOperations: (code: number, reason: string) => Promise<void> = () => Promise.resolve();
  // At most one timer at a time: for authentication, then for the closing handshake.
  let cancelTimer = clock.after(INIT_TIMEOUT_MS, () =>
    close(CLOSE.initTimeout, 'Connection initialisation timeout'),
  );
  const outbox = createOutbox(socket, {
    clock,
    onSlow: () => close(CLOSE.slowConsumer, 'SLOW_CONSUMER: events are not taken as fast as they come'),
    onNotOpen: () => beginClosing(1006, ''),
  });
  const inbox = createInbox(socket, {
    turns: options.turns,
    bucket: createTokenBucket(clock, options.bucket),
    onMessage: receive,
    onExcess: () => close(CLOSE.tryAgainLater, 'RATE_LIMITED: messages come faster than a socket may send'),
  });
  let handle: (message: string) => Promise<void> = () => Promise.resolve();

  const connection: Connection = {
    get state() {
      return state;
    },
    ended: ended.signal,
    admit(viewer, authorization) {
      if (state.phase !== 'authenticating' || !place.admit(viewer.callerId)) return false;
      cancelTimer();
      state = { phase: 'ready', viewer, authorization };
      return true;
    },
    close,
    terminate: () => socket.terminate(),
  };
  // A malformed frame: ws has closed the socket already, with the code that RFC 6455 has for it.
  socket.on('error', () => beginClosing(1006, ''));
  socket.once('close', onClose);
  endOperations = server.opened(
    {
      protocol: socket.protocol,
      send: (message) => outbox.send(message),
      close: (code = 1000, reason = '') => close(code, reason),
      onMessage: (callback) => (handle = callback),
    },
    extraOf(connection),
  );
  return connection;

  function receive(message: string): void {
    if (state.phase !== 'ready' && !acceptsInit(message)) return;
    if (jsonNestingRefusal(message)) {
      close(CLOSE.badRequest, 'Invalid message received');
      return;
    }
    handle(message).catch((error: unknown) => {
      if (isOfTheCaller(error)) {
        close(CLOSE.badRequest, 'Invalid message received');
        return;
      }
      onBug(error);
      close(CLOSE.internalError, 'Internal server error');
    });
  }

  /** Before authentication one `connection_init` is handled, and nothing else. */
  function acceptsInit(message: string): boolean {
    const type = typeOf(message);
    if (state.phase === 'connecting' && type === 'connection_init') {
      state = { phase: 'authenticating' };
      return true;
    }
    if (type === null) close(CLOSE.badRequest, 'Invalid message received');
    else if (type === 'connection_init') close(CLOSE.tooManyInits, 'Too many initialisation requests');
    else close(CLOSE.unauthorized, 'Unauthorized: only connection_init is taken before connection_ack');
    return false;
  }

  function close(code: number, reason: string): void {
    if (hasEnded()) return;
    const bounded = boundedReason(reason);
    socket.close(code, bounded);
    beginClosing(code, bounded);
  }

  function beginClosing(code: number, reason: string): void {
    if (hasEnded()) return;
    state = { phase: 'closing' };
    cancelTimer();
    cancelTimer = clock.after(CLOSE_GRACE_MS, () => socket.terminate());
    inbox.end();
    outbox.end();
    ended.abort();
    endOperations(code, reason).catch(onBug);
  }

  function onClose(code: number, reason: Buffer): void {
    beginClosing(code, reason.toString());
    state = { phase: 'closed' };
    cancelTimer();
    place.release();
    onClosed();
  }

  function hasEnded(): boolean {
    return state.phase === 'closing' || state.phase === 'closed';
  }
}

/** The longest message that is parsed before authentication, in characters: a token fits in many times over. */
const MAX_INIT_LENGTH = 65_536;

/** Null for a message that has none. */
function typeOf(message: string): string | null {
  if (message.length > MAX_INIT_LENGTH) return null;
  try {
    const { type } = JSON.parse(message) as { type?: unknown };
    return typeof type === 'string' ? type : null;
  } catch {
    return null;
  }
}

/** What a close frame has room for besides its code, in bytes. */
const MAX_REASON_BYTES = 123;

/** Cuts between characters: half of one would be replaced by something longer. */
function boundedReason(reason: string): string {
  const bytes = Buffer.from(reason).subarray(0, MAX_REASON_BYTES);
  return new TextDecoder().decode(bytes, { stream: true });
}

/** graphql-ws throws for a message that only servers send. */
function isOfTheCaller(error: unknown): boolean {
  return error instanceof Error && error.message.startsWith('Unexpected message of type');
}
