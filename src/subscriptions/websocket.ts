import type { FastifyInstance } from 'fastify';
import { handleProtocols } from 'graphql-ws';
import { type ServerOptions, type WebSocket, WebSocketServer } from 'ws';
import { requestIdOf } from '../core/requestId.ts';
import { CLOSE, CLOSE_GRACE_MS } from './websocketConnection.ts';
import { type ConnectionsOptions, createConnections } from './websocketConnections.ts';
import { createSocketOperations, type SocketOperationOptions } from './websocketOperations.ts';
import { refuseUpgrade, upgradeRefusal } from './websocketUpgrade.ts';

export interface WebSocketOptions extends SocketOperationOptions, ConnectionsOptions {
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
  const serverOptions: ServerOptions & { closeTimeout: number } = {
    noServer: true,
    maxPayload: options.maxMessageBytes,
    handleProtocols,
    clientTracking: true,
    // For handshakes that the other side begins and does not complete.
    closeTimeout: CLOSE_GRACE_MS,
  };
  const server = new WebSocketServer(serverOptions);
  const connections = createConnections(createSocketOperations(options), options);
  const stopPinging = pingEach(server.clients);

  app.server.on('upgrade', (request, socket, head) => {
    // Whoever hangs up before it has its answer is no error of ours.
    socket.on('error', () => undefined);
    const { headers } = request;
    const ip = request.socket.remoteAddress ?? '';
    const refusal = upgradeRefusal(request, { ...options, ...connections, address: ip });
    if (refusal) {
      refuseUpgrade(socket, refusal);
      return;
    }
    const hostname = headers.host?.replace(/:\d+$/, '') ?? '';
    const peer = { id: requestIdOf(request), hostname, ip, headers };
    server.handleUpgrade(request, socket, head, (webSocket) => connections.open(webSocket, peer));
  });

  return {
    goAway: () => connections.closeAll(CLOSE.goingAway, 'Going away'),
    cutOff: () => connections.terminateAll(),
    stop() {
      stopPinging();
      connections.stop();
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
