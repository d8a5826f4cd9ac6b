import type { WebSocket } from 'ws';
import type { Clock } from '../core/clock.ts';

export interface Outbox {
  /** Resolves when the message has left this process, or never will. */
  send(message: string): Promise<void>;
  /** Resolves what waits. Idempotent. */
  end(): void;
}

export interface OutboxOptions {
  clock: Clock;
  /** Called when the other side does not take what it is sent. */
  onSlow: () => void;
  /** Called when there is something to send and the other side has begun to close. */
  onNotOpen: () => void;
}

/** What may wait in this process to be sent through one socket, in bytes. */
const MAX_BUFFERED_BYTES = 8_388_608;

/** How long the other side may take nothing at all of what it is sent, in milliseconds. */
const SEND_PATIENCE_MS = 15_000;

/**
 * What a socket is sent. graphql-ws asks for the next event of a subscription when the last has left this process, so that no
 * subscription has more than one on its way; all of a socket's together are bounded here.
 */
export function createOutbox(socket: WebSocket, { clock, onSlow, onNotOpen }: OutboxOptions): Outbox {
  const unsent = new Set<() => void>();
  let isEnded = false;

  return {
    send(message) {
      if (isEnded) return Promise.resolve();
      if (socket.readyState !== socket.OPEN) {
        onNotOpen();
        return Promise.resolve();
      }
      if (socket.bufferedAmount > MAX_BUFFERED_BYTES) {
        onSlow();
        return Promise.resolve();
      }
      return new Promise((resolve) => {
        const cancelTimer = clock.after(SEND_PATIENCE_MS, onSlow);
        const settle = (): void => {
          unsent.delete(settle);
          cancelTimer();
          resolve();
        };
        unsent.add(settle);
        // An error here is a socket that has closed meanwhile.
        socket.send(message, settle);
      });
    },
    end() {
      isEnded = true;
      for (const settle of unsent) settle();
    },
  };
}
