import type { Server } from 'graphql-ws';
import type { WebSocket } from 'ws';
import type { Clock } from '../model.ts';

/** Codes of our own with which a socket is closed, in the range that is left to applications. */
export const CLOSE = {
  /** graphql-ws' own: to come back with the same proof is in vain. */
  unauthorized: 4401,
  /** graphql-ws' own: to come back with a new proof may help. */
  forbidden: 4403,
  /** More is sent to it than it takes: it can come back, and will be told of the present state. */
  slowConsumer: 4413,
  /** IANA's: the server goes away. */
  goingAway: 1001,
  /** IANA's: too often, or too many. */
  tryAgainLater: 1013,
  badRequest: 4400,
  internalError: 4500,
} as const;

export interface ConnectionOptions {
  clock: Clock;
  /** Told of errors that are bugs. */
  onBug: (error: unknown) => void;
}

/** What may wait in this process to be sent through one socket, in bytes. */
const MAX_BUFFERED_BYTES = 8_388_608;

/** How long the other side may take nothing at all of what it is sent, in milliseconds. */
const SEND_PATIENCE_MS = 15_000;

/**
 * Lets graphql-ws speak through a socket. It asks for the next event of a subscription when the last has left this process, so
 * that no subscription has more than one on its way; all of a socket's together are bounded here.
 */
export function openConnection<Extra>(
  server: Server<Extra>,
  socket: WebSocket,
  extra: Extra,
  { clock, onBug }: ConnectionOptions,
): void {
  const closed = server.opened({ protocol: socket.protocol, send, close, onMessage }, extra);
  let hasEnded = false;
  // What is wrong with a frame has closed the socket already, with the code that RFC 6455 has for it.
  socket.on('error', () => undefined);
  socket.once('close', (code, reason) => end(code, reason.toString()));

  function onMessage(handle: (message: string) => Promise<void>): void {
    socket.on('message', (data: Buffer) => {
      handle(data.toString()).catch((error: unknown) => {
        if (isOfTheCaller(error)) {
          close(CLOSE.badRequest, 'Invalid message received');
          return;
        }
        onBug(error);
        close(CLOSE.internalError, 'Internal server error');
      });
    });
  }

  function send(message: string): Promise<void> {
    if (socket.readyState !== socket.OPEN) return Promise.resolve();
    if (socket.bufferedAmount > MAX_BUFFERED_BYTES) {
      drop();
      return Promise.resolve();
    }
    return new Promise((resolve) => {
      const callOff = clock.after(SEND_PATIENCE_MS, drop);
      // An error here is a socket that has closed meanwhile.
      socket.send(message, () => {
        callOff();
        resolve();
      });
    });
  }

  function drop(): void {
    close(CLOSE.slowConsumer, 'SLOW_CONSUMER: events are not taken as fast as they come');
    // The other side may take its time over the close as well.
    end(CLOSE.slowConsumer, '');
  }

  function close(code?: number, reason?: string): void {
    socket.close(code, reason);
  }

  function end(code: number, reason: string): void {
    if (hasEnded) return;
    hasEnded = true;
    closed(code, reason).catch(onBug);
  }
}

/** graphql-ws throws for a message that only servers send. */
function isOfTheCaller(error: unknown): boolean {
  return error instanceof Error && error.message.startsWith('Unexpected message of type');
}
