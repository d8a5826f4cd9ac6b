import type { Viewer } from '../core/viewer.ts';
import type { Clock } from '../core/clock.ts';
import type { MaybePromise } from '../core/maybePromise.ts';
import { CLOSE, type Connection } from './websocketConnection.ts';

export interface RevalidationOptions {
  clock: Clock;
  connections: ReadonlySet<Connection>;
  /** Returns the viewer of a token now, or null for a token that is no longer valid. Rejects while it cannot be verified. */
  revalidate: (authorization: string | undefined) => MaybePromise<Viewer | null>;
}

export interface Revalidation {
  /** To be called when a connection has become ready. Idempotent. */
  start(): void;
  stop(): void;
}

/** A changed file of tokens counts within 5 seconds and an expiry after its tolerance: with these, less than 10. Milliseconds. */
const SWEEP_EVERY_MS = 4000;

/** As for tokens that are verified, so that none is admitted and closed again. Milliseconds. */
const EXPIRY_TOLERANCE_MS = 5000;

/**
 * Ends connections whose token has expired, is revoked, or grants something else than it did. One timer serves all connections,
 * and tokens that many share are looked at once.
 */
export function createRevalidation({ clock, connections, revalidate }: RevalidationOptions): Revalidation {
  let cancelTimer: (() => void) | null = null;
  const underWay = new Set<string | undefined>();

  function schedule(): void {
    cancelTimer = clock.after(SWEEP_EVERY_MS, sweep);
  }

  function sweep(): void {
    cancelTimer = null;
    const byToken = readyByToken();
    if (byToken.size > 0) schedule();
    for (const [token, sharing] of byToken) void check(token, sharing);
  }

  /** Closes what has expired on the way. */
  function readyByToken() {
    const byToken = new Map<string | undefined, Connection[]>();
    for (const connection of connections) {
      const { state } = connection;
      if (state.phase !== 'ready') continue;
      const { viewer, authorization } = state;
      if (viewer.expiresAt !== null && viewer.expiresAt + EXPIRY_TOLERANCE_MS <= clock.now()) {
        connection.close(CLOSE.forbidden, 'UNAUTHENTICATED: the token has expired');
        continue;
      }
      const known = byToken.get(authorization);
      if (known) known.push(connection);
      else byToken.set(authorization, [connection]);
    }
    return byToken;
  }

  async function check(token: string | undefined, sharing: readonly Connection[]): Promise<void> {
    if (underWay.has(token)) return;
    underWay.add(token);
    try {
      const viewer = await revalidate(token);
      for (const connection of sharing) closeUnlessSame(connection, viewer);
    } catch {
      // While keys can't be fetched nothing is known against the token. Who authenticates now reports the failure.
    } finally {
      underWay.delete(token);
    }
  }

  return {
    start() {
      if (cancelTimer === null) schedule();
    },
    stop() {
      cancelTimer?.();
      cancelTimer = null;
    },
  };
}

const RIGHTS = ['callerId', 'scope', 'maxCallsPerSecond', 'maxCallsPerDay'] as const;

function closeUnlessSame(connection: Connection, viewer: Viewer | null): void {
  const { state } = connection;
  if (state.phase !== 'ready') return;
  if (viewer === null) {
    connection.close(CLOSE.forbidden, 'UNAUTHENTICATED: the token is no longer valid');
  } else if (RIGHTS.some((right) => viewer[right] !== state.viewer[right])) {
    connection.close(CLOSE.forbidden, 'FORBIDDEN: the rights of the token have changed, connect again');
  }
}
