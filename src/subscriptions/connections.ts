import type { Server } from 'graphql-ws';
import type { WebSocket } from 'ws';
import { type Admission, addressKeyOf } from '../core/admission.ts';
import type { Clock } from '../core/clock.ts';
import type { SocketLimits } from '../core/settings.ts';
import type { Viewer } from '../core/viewer.ts';
import { CLOSE } from './closeCodes.ts';
import { type Connection, openConnection, type Peer } from './connection.ts';
import { createKeyedCounter } from './keyedCounter.ts';
import { createRevalidation } from './revalidation.ts';
import { createScheduler } from './scheduler.ts';

export interface ConnectionsOptions {
  clock: Clock;
  admission: Admission;
  sockets: SocketLimits;
  /** Whether callers must authenticate. */
  isAuthenticated: boolean;
  /** Receives errors that are bugs. */
  onBug: (error: unknown, requestId: string) => void;
}

/**
 * Limits of sockets that are not authenticated yet, separate from those that are, so that the former cannot lock out the latter.
 * All clients behind a proxy share one address and may reconnect at once.
 */
const MAX_PENDING = { perAddress: 200, inAll: 2000 };

/** Messages that a socket may send at once, besides those that start and end all subscriptions of its caller. */
const SPARE_BURST = 100;

export function createConnections(operations: Server<Connection>, options: ConnectionsOptions) {
  const { clock, admission, sockets, onBug } = options;
  // Without authentication there are no callers to protect.
  const maxPending = options.isAuthenticated
    ? MAX_PENDING
    : { perAddress: sockets.inAll, inAll: sockets.inAll };
  const pending = createKeyedCounter();
  const authenticated = createKeyedCounter();
  const schedule = createScheduler();
  const burst = SPARE_BURST + 2 * sockets.perCaller;
  /** The oldest first. */
  const connections = new Set<Connection>();
  const revalidation = createRevalidation(clock, admission, connections);

  return {
    /** Whether the limit of authenticated sockets is reached. */
    isFull,
    /**
     * Whether one more socket of this remote address may wait for its authentication. At the limit, the oldest socket that has
     * sent nothing is dropped for it, so that clients that authenticate at once are always admitted.
     */
    canOpen: (address: string) => hasRoomFor(address) || oldestSilent(address) !== null,
    /** Call only if `canOpen` is true. */
    open,
    closeAll(code: number, reason: string): void {
      for (const connection of connections) connection.close(code, reason);
    },
    stop: revalidation.stop,
    counts: () => ({ pending: pending.total(), authenticated: authenticated.total() }),
  };

  function open(socket: WebSocket, peer: Peer): void {
    if (!hasRoomFor(peer.ip)) {
      const oldest = oldestSilent(peer.ip);
      oldest?.close(CLOSE.tryAgainLater, 'Too many sockets wait for their authentication');
      oldest?.terminate();
    }
    let release = pending.add(addressKeyOf(peer.ip));
    const connection = openConnection(operations, socket, peer, {
      clock,
      admission,
      schedule,
      burst,
      claim({ callerId }: Viewer) {
        if (isFull() || authenticated.of(callerId) >= sockets.perCaller) return false;
        release();
        release = authenticated.add(callerId);
        revalidation.start();
        return true;
      },
      onBug: (error) => onBug(error, peer.id),
      onClosed() {
        release();
        connections.delete(connection);
      },
    });
    connections.add(connection);
  }

  function isFull(): boolean {
    return authenticated.total() >= sockets.inAll;
  }

  function isAddressFull(address: string): boolean {
    return pending.of(addressKeyOf(address)) >= maxPending.perAddress;
  }

  function hasRoomFor(address: string): boolean {
    return pending.total() < maxPending.inAll && !isAddressFull(address);
  }

  /** Of the same address if that has too many, else of any. */
  function oldestSilent(address: string): Connection | null {
    const key = isAddressFull(address) ? addressKeyOf(address) : null;
    for (const connection of connections) {
      const isSilent = connection.state.phase === 'connecting';
      if (isSilent && (key === null || addressKeyOf(connection.peer.ip) === key)) return connection;
    }
    return null;
  }
}
