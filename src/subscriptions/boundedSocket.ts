import type { WebSocket } from 'ws';
import type { Clock } from '../core/clock.ts';
import { CLOSE } from './closeCodes.ts';
import type { Schedule } from './scheduler.ts';

export interface BoundedSocketOptions {
  clock: Clock;
  /** Runs `onMessage`, in turn with other sockets. */
  schedule: Schedule;
  /** Messages that the socket may send at once, besides MESSAGES_PER_SECOND. */
  burst: number;
  onMessage: (message: string) => void;
  /** Called when the peer sends more, or reads less, than it must, and on a send after it has begun to close. */
  close: (code: number, reason: string) => void;
}

/** The rate of messages and control frames that a socket may send without end. */
const MESSAGES_PER_SECOND = 20;
/** Unhandled messages at which the socket is paused. */
const PAUSE_AT = 16;
/** A message counts once, and once more for each of these. */
const BYTES_PER_TOKEN = 16_384;
/** Upper bound of what one message counts, so that the longest message fits into a burst. */
const MAX_TOKENS = 64;
/** How much unsent data one socket may hold in this process, in bytes. */
const MAX_BUFFERED_BYTES = 8_388_608;
/** How long the peer may leave a sent message unread, in milliseconds. */
const SEND_TIMEOUT_MS = 15_000;

/**
 * Bounds what one WebSocket may send and how much may wait to be sent to it. graphql-ws requests the next event of a
 * subscription when the previous one has left this process, so each subscription has at most one event in flight.
 */
export function createBoundedSocket(socket: WebSocket, options: BoundedSocketOptions) {
  const { clock, schedule, burst, onMessage, close } = options;
  const takeTokens = createTokenBucket(clock, burst);
  const pendingSends = new Set<() => void>();
  let unhandled = 0;
  let isEnded = false;

  socket.on('message', (data: Buffer) => {
    if (!isWithinRate(data)) return;
    unhandled += 1;
    if (unhandled >= PAUSE_AT) socket.pause();
    void schedule(socket, () => {
      unhandled -= 1;
      if (isEnded) return;
      if (unhandled === 0 && socket.isPaused) socket.resume();
      onMessage(data.toString());
    });
  });
  socket.on('ping', isWithinRate);
  socket.on('pong', isWithinRate);

  return {
    /** Resolves when the message has left this process, or never will. */
    send(message: string): Promise<void> {
      if (isEnded) return Promise.resolve();
      if (socket.readyState !== socket.OPEN) close(CLOSE.goingAway, 'Going away');
      else if (socket.bufferedAmount > MAX_BUFFERED_BYTES) onSlow();
      else return sendWithTimeout(message);
      return Promise.resolve();
    },
    /** Drops received messages that are not handled yet and resolves all pending sends. Idempotent. */
    end(): void {
      isEnded = true;
      for (const settle of pendingSends) settle();
      // The closing handshake must be read.
      if (socket.isPaused) socket.resume();
    },
  };

  function isWithinRate(data: Buffer): boolean {
    const isExcess = !takeTokens(Math.min(MAX_TOKENS, 1 + Math.floor(data.length / BYTES_PER_TOKEN)));
    if (isExcess) {
      close(CLOSE.tryAgainLater, 'RATE_LIMITED: this socket sends messages too fast');
      // Also after the end: a peer that floods instead of closing is read no further.
      socket.pause();
    }
    return !isExcess && !isEnded && socket.readyState === socket.OPEN;
  }

  function sendWithTimeout(message: string): Promise<void> {
    return new Promise((resolve) => {
      const cancelTimeout = clock.after(SEND_TIMEOUT_MS, onSlow);
      const settle = (): void => {
        pendingSends.delete(settle);
        cancelTimeout();
        resolve();
      };
      pendingSends.add(settle);
      // An error here means that the socket has closed meanwhile.
      socket.send(message, settle);
    });
  }

  function onSlow(): void {
    close(CLOSE.slowConsumer, 'SLOW_CONSUMER: this client reads events too slowly');
  }
}

/** Returns a function that takes tokens, or returns false and takes none if too few are left. */
function createTokenBucket(clock: Clock, burst: number): (wanted: number) => boolean {
  let tokens = burst;
  let filledAtMs = clock.monotonic();
  return (wanted) => {
    const nowMs = clock.monotonic();
    tokens = Math.min(burst, tokens + ((nowMs - filledAtMs) / 1000) * MESSAGES_PER_SECOND);
    filledAtMs = nowMs;
    if (wanted > tokens) return false;
    tokens -= wanted;
    return true;
  };
}
