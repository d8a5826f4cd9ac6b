/** How many sockets may be open at once. */
export interface SocketBounds {
  /** Authenticated sockets of one caller. */
  perCaller: number;
  /** Authenticated sockets in all. */
  inAll: number;
  /** Sockets of one remote address that are not authenticated yet. */
  pendingPerAddress: number;
  /** Sockets in all that are not authenticated yet. */
  pendingInAll: number;
}

/** What one socket counts for: its address until it is authenticated, then its caller. */
export interface SocketPlace {
  /** Counts the socket for its caller from now on. Returns false, and changes nothing, at either bound. */
  admit(caller: string): boolean;
  /** Idempotent. */
  release(): void;
}

export interface SocketPlaces {
  canTake(address: string): boolean;
  /** Whether the address itself has fewer that wait than it may have. */
  hasRoomFor(address: string): boolean;
  /** To be called only where `canTake` is true. */
  take(address: string): SocketPlace;
  /** Whether as many authenticated sockets are open as may be in all. */
  isFull(): boolean;
  counts(): { pending: number; authenticated: number };
}

/** Sockets that never authenticate have bounds of their own, so that they cannot lock out those that can. */
export function createSocketPlaces(bounds: SocketBounds): SocketPlaces {
  const pending = createCounter(bounds.pendingPerAddress, bounds.pendingInAll);
  const authenticated = createCounter(bounds.perCaller, bounds.inAll);
  return {
    canTake: (address) => pending.hasRoom(address),
    hasRoomFor: (address) => pending.of(address) < bounds.pendingPerAddress,
    take(address) {
      let leave = pending.add(address);
      return {
        admit(caller) {
          if (!authenticated.hasRoom(caller)) return false;
          leave();
          leave = authenticated.add(caller);
          return true;
        },
        release() {
          leave();
          leave = () => undefined;
        },
      };
    },
    isFull: () => authenticated.total() >= bounds.inAll,
    counts: () => ({ pending: pending.total(), authenticated: authenticated.total() }),
  };
}

function createCounter(perKey: number, inAll: number) {
  const counts = new Map<string, number>();
  let total = 0;
  return {
    total: () => total,
    of: (key: string) => counts.get(key) ?? 0,
    hasRoom: (key: string) => total < inAll && (counts.get(key) ?? 0) < perKey,
    /** Returns what takes it away again, to be called once. */
    add(key: string): () => void {
      total += 1;
      counts.set(key, (counts.get(key) ?? 0) + 1);
      return () => {
        total -= 1;
        const left = (counts.get(key) ?? 1) - 1;
        if (left > 0) counts.set(key, left);
        else counts.delete(key);
      };
    },
  };
}
