import type { SocketLimits } from '../core/settings.ts';
import type { IncomingHttpHeaders } from 'node:http';
import type { Server } from 'graphql-ws';
import type { WebSocket } from 'ws';
import type { Clock } from '../core/clock.ts';
import type { Admission, Requester } from '../core/admission.ts';
import { addressKeyOf } from '../core/addresses.ts';
import { createSocketPlaces } from './socketPlaces.ts';
import { createRevalidation } from './socketRevalidation.ts';
import { createTurns } from './socketTraffic.ts';
import { CLOSE, type Connection, openConnection } from './websocketConnection.ts';
import type { SocketCaller } from './websocketOperations.ts';

export interface ConnectionsOptions {
  clock: Clock;
  gate: Admission;
  sockets: SocketLimits;
  /** Whether callers must prove who they are. */
  isAuthenticated: boolean;
  /** Told of errors that are bugs. */
  onBug: (error: unknown, requestId: string) => void;
}

/** The other side of a socket, as its request for one shows it. */
export interface Peer extends Requester {
  headers: IncomingHttpHeaders;
}

/** All connections of a process, and what they share. */
export interface Connections {
  /** Whether as many authenticated sockets are open as may be. */
  isFull(): boolean;
  /**
   * Whether one more socket of this remote address may wait for its authentication. Where there are too many, the oldest that has
   * sent nothing gives way, so that clients that authenticate at once are always admitted.
   */
  canTake(address: string): boolean;
  /** To be called only where `canTake` is true. */
  open(socket: WebSocket, peer: Peer): void;
  /** Begins to close every connection. */
  closeAll(code: number, reason: string): void;
  terminateAll(): void;
  stop(): void;
  counts(): { pending: number; authenticated: number };
}

/**
 * Sockets that are not authenticated yet. They are short-lived, and all clients behind a proxy share one address, so the bound
 * leaves room for many that reconnect at once.
 */
const MAX_PENDING = { pendingPerAddress: 200, pendingInAll: 2000 };

/** Messages of all sockets that are handled in one turn of the event loop. */
const MESSAGES_PER_TURN = 32;

/** Messages that a socket may send for ever, each second. */
const MESSAGES_PER_SECOND = 20;

/** Messages that a socket may send at once besides those that begin and end its caller's subscriptions. */
const SPARE_BURST = 100;

export function createConnections(
  operations: Server<SocketCaller>,
  options: ConnectionsOptions,
): Connections {
  const { clock, gate, sockets, isAuthenticated, onBug } = options;
  // Without authentication nobody is kept waiting who could be locked out.
  const pending = isAuthenticated
    ? MAX_PENDING
    : { pendingPerAddress: sockets.inAll, pendingInAll: sockets.inAll };
  const places = createSocketPlaces({ ...sockets, ...pending });
  const turns = createTurns(MESSAGES_PER_TURN);
  const bucket = { burst: SPARE_BURST + 2 * sockets.perCaller, perSecond: MESSAGES_PER_SECOND };
  /** The oldest first. */
  const connections = new Set<Connection>();
  const addresses = new WeakMap<Connection, string>();
  const revalidation = createRevalidation({
    clock,
    connections,
    revalidate: (token) => gate.revalidate(token),
  });

  return {
    isFull: () => places.isFull(),
    canTake: (address) => places.canTake(addressKeyOf(address)) || oldestSilent(address) !== null,
    open(socket, peer) {
      if (!places.canTake(addressKeyOf(peer.ip))) dropOldestSilent(peer.ip);
      const connection = openConnection(operations, socket, (opened) => callerOf(peer, opened), {
        clock,
        turns,
        bucket,
        place: places.take(addressKeyOf(peer.ip)),
        onBug: (error) => onBug(error, peer.id),
        onClosed: () => void connections.delete(connection),
      });
      connections.add(connection);
      addresses.set(connection, addressKeyOf(peer.ip));
    },
    closeAll(code, reason) {
      for (const connection of connections) connection.close(code, reason);
    },
    terminateAll() {
      for (const connection of connections) connection.terminate();
    },
    stop: () => revalidation.stop(),
    counts: () => places.counts(),
  };

  /** Of the address where that has too many, else of any. */
  function oldestSilent(address: string): Connection | null {
    const key = places.hasRoomFor(addressKeyOf(address)) ? null : addressKeyOf(address);
    for (const connection of connections) {
      const isSilent = connection.state.phase === 'connecting';
      if (isSilent && (key === null || addresses.get(connection) === key)) return connection;
    }
    return null;
  }

  function dropOldestSilent(address: string): void {
    const oldest = oldestSilent(address);
    oldest?.close(CLOSE.tryAgainLater, 'Too many sockets wait for their authentication');
    oldest?.terminate();
  }

  function callerOf(peer: Peer, connection: Connection): SocketCaller {
    return {
      ...peer,
      ended: connection.ended,
      get viewer() {
        return connection.state.phase === 'ready' ? connection.state.viewer : null;
      },
      close: (code, reason) => connection.close(code, reason),
      enter(viewer, authorization) {
        if (!connection.admit(viewer, authorization)) return false;
        revalidation.start();
        return true;
      },
    };
  }
}
