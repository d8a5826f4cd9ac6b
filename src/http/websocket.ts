import type { IncomingMessage } from 'node:http';
import type { FastifyInstance } from 'fastify';
import { handleProtocols } from 'graphql-ws';
import { type WebSocket, WebSocketServer } from 'ws';
import type { Viewer } from '../context.ts';
import type { Clock } from '../model.ts';
import { requestIdOf } from './app.ts';
import { CLOSE, openConnection } from './websocketConnection.ts';
import {
  createSocketOperations,
  type SocketCaller,
  type SocketOperationOptions,
} from './websocketOperations.ts';
import { refuseUpgrade, upgradeRefusal } from './websocketUpgrade.ts';

export interface SocketLimits {
  /** Sockets that one caller may have open. */
  perCaller: number;
  /** Sockets that may be open in all. */
  inAll: number;
}

export interface WebSocketOptions extends SocketOperationOptions {
  clock: Clock;
  sockets: SocketLimits;
  /** The longest message that is read, in bytes. */
  maxMessageBytes: number;
  /** Origins whose pages may open sockets, besides the gateway's own. */
  corsOrigins: readonly string[];
  isDraining: () => boolean;
}

export interface WebSockets {
  /** Tells every socket that the server goes away, and takes no more. */
  goAway(): void;
  /** Cuts off those that are still there. */
  cutOff(): void;
  /** To be called when none is. */
  stop(): void;
}

/** Whoever has not answered one ping when the next is due is gone, without a word. By the system's clock: it is the network's time. */
const PING_EVERY_MS = 30_000;

/** Adds subscriptions to the server of an app: graphql-ws on the port and path of queries. */
export function addWebSockets(app: FastifyInstance, options: WebSocketOptions): WebSockets {
  const { clock, sockets, isDraining, onBug } = options;
  const server = new WebSocketServer({
    noServer: true,
    maxPayload: options.maxMessageBytes,
    handleProtocols,
    clientTracking: true,
  });
  const operations = createSocketOperations(options);
  const presence = createPresence(sockets.perCaller);
  const stopPinging = pingEach(server.clients);
  const rules = { ...options, isDraining, isFull: () => server.clients.size >= sockets.inAll };

  app.server.on('upgrade', (request, socket, head) => {
    // Whoever hangs up before it has its answer is no error of ours.
    socket.on('error', () => undefined);
    const refusal = upgradeRefusal(request, rules);
    if (refusal) refuseUpgrade(socket, refusal);
    else server.handleUpgrade(request, socket, head, (webSocket) => connect(webSocket, request));
  });

  return {
    goAway() {
      for (const socket of server.clients) socket.close(CLOSE.goingAway, 'Going away');
    },
    stop: stopPinging,
    cutOff() {
      for (const socket of server.clients) socket.terminate();
    },
  };

  function connect(socket: WebSocket, request: IncomingMessage): void {
    const caller = callerOf(socket, request);
    openConnection(operations, socket, caller, { clock, onBug: (error) => onBug(error, caller.id) });
  }

  function callerOf(socket: WebSocket, request: IncomingMessage): SocketCaller {
    const { headers } = request;
    const close = (code: number, reason: string) => socket.close(code, reason);
    let viewer: Viewer | null = null;
    return {
      id: requestIdOf(request),
      hostname: headers.host?.replace(/:\d+$/, '') ?? '',
      ip: request.socket.remoteAddress ?? '',
      headers,
      get viewer() {
        return viewer;
      },
      close,
      enter(admitted) {
        const leave = presence.enter(admitted.name);
        if (leave === null) return false;
        viewer = admitted;
        const callOff = atTime(clock, admitted.expiresAt, () =>
          close(CLOSE.forbidden, 'UNAUTHENTICATED: the token has expired'),
        );
        socket.once('close', () => {
          callOff();
          leave();
        });
        return true;
      },
    };
  }
}

/** Counts the sockets of each caller. */
function createPresence(perCaller: number) {
  const open = new Map<string, number>();
  return {
    /** What ends it again, or null for one too many. */
    enter(name: string): (() => void) | null {
      const count = open.get(name) ?? 0;
      if (count >= perCaller) return null;
      open.set(name, count + 1);
      return () => {
        const left = (open.get(name) ?? 1) - 1;
        if (left > 0) open.set(name, left);
        else open.delete(name);
      };
    },
  };
}

function pingEach(sockets: ReadonlySet<WebSocket>): () => void {
  const unanswered = new WeakSet<WebSocket>();
  const timer = setInterval(() => {
    for (const socket of sockets) {
      if (unanswered.has(socket)) {
        socket.terminate();
        continue;
      }
      unanswered.add(socket);
      socket.once('pong', () => unanswered.delete(socket));
      socket.ping();
    }
  }, PING_EVERY_MS).unref();
  return () => clearInterval(timer);
}

/** A longer timer fires at once. */
const LONGEST_TIMER_MS = 2 ** 31 - 1;

/** Runs a task at a time, in epoch milliseconds, or never. The returned function calls it off. */
function atTime(clock: Clock, time: number | null, task: () => void): () => void {
  if (time === null) return () => undefined;
  let callOff = (): void => undefined;
  wait(time);
  return () => callOff();

  function wait(time: number): void {
    const leftMs = time - clock.now();
    callOff = clock.after(Math.min(Math.max(0, leftMs), LONGEST_TIMER_MS), () => {
      if (leftMs > LONGEST_TIMER_MS) wait(time);
      else task();
    });
  }
}
