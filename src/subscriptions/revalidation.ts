import type { Admission } from '../core/admission.ts';
import type { Clock } from '../core/clock.ts';
import type { Viewer } from '../core/viewer.ts';
import { CLOSE } from './closeCodes.ts';
import type { Connection } from './connection.ts';

export interface RevalidationOptions {
  clock: Clock;
  admission: Admission;
  connections: Iterable<Connection>;
}

/** A changed token file takes effect within 5 s and an expiry after its tolerance: with these, within 10 s. Milliseconds. */
const SWEEP_INTERVAL_MS = 4000;

/** The same as at verification, so that no connection is admitted and closed at once. Milliseconds. */
const EXPIRY_TOLERANCE_MS = 5000;

/**
 * Closes connections whose token has expired, is revoked, or grants different rights. One timer serves all connections, and a
 * token that several share is verified once a sweep.
 */
export function createRevalidation({ clock, admission, connections }: RevalidationOptions) {
  let cancelTimer: (() => void) | null = null;
  const inProgress = new Set<string | undefined>();
  return { start, stop };

  /** Call when a connection becomes ready. Idempotent. */
  function start(): void {
    cancelTimer ??= clock.after(SWEEP_INTERVAL_MS, sweep);
  }

  function stop(): void {
    cancelTimer?.();
    cancelTimer = null;
  }

  function sweep(): void {
    cancelTimer = null;
    const byToken = new Map<string | undefined, Connection[]>();
    for (const connection of connections) {
      const { state } = connection;
      if (state.phase !== 'ready') continue;
      if ((state.viewer.expiresAt ?? Infinity) + EXPIRY_TOLERANCE_MS <= clock.now()) {
        connection.close(CLOSE.forbidden, 'UNAUTHENTICATED: the token has expired');
        continue;
      }
      const sharing = byToken.get(state.authorization);
      if (sharing) sharing.push(connection);
      else byToken.set(state.authorization, [connection]);
    }
    if (byToken.size > 0) start();
    for (const [token, sharing] of byToken) void check(token, sharing);
  }

  async function check(token: string | undefined, sharing: readonly Connection[]): Promise<void> {
    if (inProgress.has(token)) return;
    inProgress.add(token);
    try {
      const viewer = await admission.revalidate(token);
      for (const connection of sharing) closeUnlessSame(connection, viewer);
    } catch {
      // The keys are unavailable, so the token counts as valid. Authentication reports the failure.
    } finally {
      inProgress.delete(token);
    }
  }
}

const RIGHTS = ['callerId', 'scope', 'maxCallsPerSecond', 'maxCallsPerDay'] as const;

function closeUnlessSame(connection: Connection, viewer: Viewer | null): void {
  const { state } = connection;
  if (state.phase !== 'ready') return;
  if (viewer === null) {
    connection.close(CLOSE.forbidden, 'UNAUTHENTICATED: the token is no longer valid');
  } else if (RIGHTS.some((right) => viewer[right] !== state.viewer[right])) {
    connection.close(CLOSE.forbidden, 'FORBIDDEN: the rights of the token have changed, reconnect');
  }
}
