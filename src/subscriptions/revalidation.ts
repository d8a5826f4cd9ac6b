import type { Admission } from '../core/admission.ts';
import type { Clock } from '../core/clock.ts';
import type { Viewer } from '../core/viewer.ts';
import { CLOSE } from './closeCodes.ts';
import type { Connection } from './connection.ts';

/** A changed token file takes effect within 5 s and an expiry after its tolerance: with these, within 10 s. Milliseconds. */
const SWEEP_INTERVAL_MS = 4000;

/** The same as at verification, so that no connection is admitted and closed at once. Milliseconds. */
const EXPIRY_TOLERANCE_MS = 5000;

/** Closes connections whose token has expired, is revoked, or grants different rights. One timer serves all connections. */
export function createRevalidation(clock: Clock, admission: Admission, connections: Iterable<Connection>) {
  let cancelTimer: (() => void) | null = null;
  /** Verifications in progress, by token. An unavailable key set can delay one beyond the next sweep. */
  const verifications = new Map<string | undefined, Promise<Viewer | 'unknown' | null>>();
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
    for (const connection of connections) {
      const { state } = connection;
      if (state.phase !== 'ready') continue;
      if ((state.viewer.expiresAt ?? Infinity) + EXPIRY_TOLERANCE_MS <= clock.now()) {
        connection.close(CLOSE.forbidden, 'UNAUTHENTICATED: the token has expired');
        continue;
      }
      start();
      void verified(state.authorization).then((viewer) => closeUnlessSame(connection, viewer));
    }
  }

  /** Verifies a token once for all connections that share it. Returns `unknown` while the keys are unavailable. */
  function verified(token: string | undefined): Promise<Viewer | 'unknown' | null> {
    let verification = verifications.get(token);
    if (!verification) {
      verification = admission
        .revalidate(token)
        .catch(() => 'unknown' as const)
        .finally(() => verifications.delete(token));
      verifications.set(token, verification);
    }
    return verification;
  }
}

const RIGHTS = ['callerId', 'scope', 'maxCallsPerSecond', 'maxCallsPerDay'] as const;

function closeUnlessSame(connection: Connection, viewer: Viewer | 'unknown' | null): void {
  const { state } = connection;
  // A token counts as valid while it cannot be verified. Authentication reports that failure.
  if (state.phase !== 'ready' || viewer === 'unknown') return;
  if (viewer === null) {
    connection.close(CLOSE.forbidden, 'UNAUTHENTICATED: the token is no longer valid');
  } else if (RIGHTS.some((right) => viewer[right] !== state.viewer[right])) {
    connection.close(CLOSE.forbidden, 'FORBIDDEN: the rights of the token have changed, reconnect');
  }
}
