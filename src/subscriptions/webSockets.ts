import type { IncomingMessage } from 'node:http';
import type { Duplex } from 'node:stream';
import { handleProtocols } from 'graphql-ws';
import { type ServerOptions, type WebSocket, WebSocketServer } from 'ws';
import { CLOSE } from './closeCodes.ts';
import { CLOSE_GRACE_MS } from './connection.ts';
import { type ConnectionsOptions, createConnections } from './connections.ts';
import { createSocketOperations, type SocketOperationOptions } from './socketOperations.ts';
import { upgradeErrorOf, type UpgradeRules } from './upgrade.ts';

interface WebSocketOptions
  extends SocketOperationOptions, ConnectionsOptions, Pick<UpgradeRules, 'corsOrigins' | 'draining'> {
  /** The longest message that is read, in bytes. */
  maxMessageBytes: number;
}

/** A socket that has not answered a ping when the next is due is cut. On the system's timer, because it is the network's time. */
const PING_INTERVAL_MS = 30_000;

/** Subscriptions with graphql-ws over `ws`. docs/decisions.md explains why graphql-ws' own adapter is not used. */
export function createWebSockets(options: WebSocketOptions) {
  const serverOptions: ServerOptions & { closeTimeout: number } = {
    noServer: true,
    maxPayload: options.maxMessageBytes,
    handleProtocols,
    clientTracking: true,
    // For handshakes that the peer begins and does not complete.
    closeTimeout: CLOSE_GRACE_MS,
  };
  const server = new WebSocketServer(serverOptions);
  const connections = createConnections(createSocketOperations(options), options);
  const stopPinging = pingEach(server.clients);
  const upgradeRules = { ...options, ...connections };

  return {
    /** Returns the error for a request for a WebSocket that cannot be opened now, or null. */
    upgradeErrorOf: (request: IncomingMessage) => upgradeErrorOf(request, upgradeRules),
    /** Handles the `upgrade` event of an HTTP server, for requests without such an error. */
    open(id: string, request: IncomingMessage, socket: Duplex, head: Buffer): void {
      const { headers } = request;
      const hostname = headers.host?.replace(/:\d+$/, '') ?? '';
      const peer = { id, hostname, ip: request.socket.remoteAddress ?? '', headers };
      server.handleUpgrade(request, socket, head, (webSocket) => connections.open(webSocket, peer));
    },
    goAway: () => connections.closeAll(CLOSE.goingAway, 'Going away'),
    terminate(): void {
      for (const socket of server.clients) socket.terminate();
    },
    /** Stops the timers. Call when all sockets are closed. */
    stop(): void {
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
  }, PING_INTERVAL_MS).unref();
  return () => clearInterval(timer);
}
