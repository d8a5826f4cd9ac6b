import { EventEmitter } from 'node:events';
import type { WebSocket } from 'ws';

/**
 * The server's end of a socket, with the part of ws that the gateway uses and without a network. What the other side does is up
 * to the test.
 */
export class FakeSocket extends EventEmitter {
  readonly protocol = 'graphql-transport-ws';
  readonly OPEN = 1;
  readyState: 1 | 2 | 3 = 1;
  bufferedAmount = 0;
  isPaused = false;
  /** The code and reason with which the gateway closed it; null while open. */
  closedWith: { code: number; reason: string } | null = null;
  /** Messages that the client has received. */
  readonly taken: Record<string, unknown>[] = [];
  private isTaking = true;
  private readonly untaken: { message: string; callback: () => void }[] = [];
  private readonly unread: Buffer[] = [];

  /** The socket as passed to the gateway. */
  asWebSocket(): WebSocket {
    return this as unknown as WebSocket;
  }

  send(message: string, callback: () => void): void {
    if (this.readyState !== 1) queueMicrotask(callback);
    else {
      this.bufferedAmount += message.length;
      this.untaken.push({ message, callback });
      if (this.isTaking) this.take();
    }
  }

  close(code: number, reason: string): void {
    if (Buffer.byteLength(reason) > 123) throw new RangeError('The reason is too long.');
    if (this.readyState !== 1) return;
    this.readyState = 2;
    this.closedWith = { code, reason };
  }

  terminate(): void {
    this.drop();
  }

  pause(): void {
    this.isPaused = true;
  }

  resume(): void {
    this.isPaused = false;
    for (const data of this.unread.splice(0)) this.say(data);
  }

  /** The client sends a message. */
  say(message: unknown): void {
    if (this.readyState === 3) return;
    const data = Buffer.isBuffer(message) ? message : Buffer.from(JSON.stringify(message));
    if (this.isPaused) this.unread.push(data);
    else this.emit('message', data, false);
  }

  /** The client stops reading. */
  stall(): void {
    this.isTaking = false;
  }

  /** The client reads all pending messages and continues to read. */
  take(): void {
    this.isTaking = true;
    for (const { message, callback } of this.untaken.splice(0)) {
      this.bufferedAmount -= message.length;
      this.taken.push(JSON.parse(message) as Record<string, unknown>);
      queueMicrotask(callback);
    }
  }

  /** The client completes the closing handshake, and starts it if necessary. */
  complete(): void {
    this.end(this.closedWith?.code ?? 1000);
  }

  /** The connection is lost. */
  drop(): void {
    this.end(1006);
  }

  private end(code: number): void {
    if (this.readyState === 3) return;
    this.readyState = 3;
    for (const { callback } of this.untaken.splice(0)) queueMicrotask(callback);
    this.emit('close', code, Buffer.from(''));
  }
}
