import type { WebSocket } from 'ws';
import type { TokenBucket, Turns } from './socketTraffic.ts';

export interface Inbox {
  /** Drops what waits and whatever still comes. Idempotent. */
  end(): void;
}

export interface InboxOptions {
  turns: Turns;
  bucket: TokenBucket;
  /** Called with one message of the socket in a turn of the event loop, so that each has its effect before the next. */
  onMessage: (message: string) => void;
  /** Called when the socket sends more than its bucket holds. */
  onExcess: () => void;
}

/** Messages that may wait before the socket is paused. */
const PAUSE_AT = 16;

/** What a token pays for besides the message itself, in bytes. */
const BYTES_PER_TOKEN = 16_384;

/** The most that one message costs: the longest message must fit into a bucket. */
const MAX_COST = 64;

/** What a socket has sent and is not handled yet. Control frames count like messages. */
export function createInbox(socket: WebSocket, options: InboxOptions): Inbox {
  const { turns, bucket, onMessage, onExcess } = options;
  const waiting: Buffer[] = [];
  let isEnded = false;

  socket.on('message', (data: Buffer) => {
    if (!isWithinBounds(data)) return;
    waiting.push(data);
    turns.add(handleNext);
    if (waiting.length >= PAUSE_AT) socket.pause();
  });
  socket.on('ping', isWithinBounds);
  socket.on('pong', isWithinBounds);

  function isWithinBounds(data: Buffer): boolean {
    const isExcess = !bucket.take(Math.min(MAX_COST, 1 + Math.floor(data.length / BYTES_PER_TOKEN)));
    if (isExcess) {
      onExcess();
      // Also after the end: a socket that floods instead of closing is read no further.
      socket.pause();
    }
    return !isExcess && !isEnded && socket.readyState === socket.OPEN;
  }

  function handleNext(): void {
    const message = waiting.shift();
    if (waiting.length > 0) turns.add(handleNext);
    else if (socket.isPaused) socket.resume();
    if (message !== undefined) onMessage(message.toString());
  }

  return {
    end() {
      isEnded = true;
      waiting.length = 0;
      turns.delete(handleNext);
      // The closing handshake is read.
      if (socket.isPaused) socket.resume();
    },
  };
}
