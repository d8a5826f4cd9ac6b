import type { Redis } from 'ioredis';

import type { Clock } from '../core/clock.ts';
import type { Backoff } from './backoff.ts';
import { backoffMs } from './backoff.ts';

/** Whether Redis can be relied on, as far as this replica knows. */
export interface Contact {
  mode(): 'redis' | 'fallback';
  /**
   * False without Redis and for a while after it came back: the others may not have noticed yet and still live on their
   * shares, which Redis knows nothing of.
   */
  allHaveIt(): boolean;
  /** Milliseconds until Redis is worth a try: zero when it is there. */
  untilTryMs(): number;
  lost(): void;
  regained(): void;
}

export interface ContactOptions {
  redis: Redis;
  clock: Clock;
  random: () => number;
  /** How long after Redis came back the others may not have it yet. */
  cautionMs: number;
  /** Redis went from there to away. */
  onLost: () => void;
}

const tryBackoff: Backoff = { firstMs: 100, longestMs: 1_000 };

export function createContact({ redis, clock, random, cautionMs, onLost }: ContactOptions): Contact {
  let mode: 'redis' | 'fallback' = 'redis';
  let failures = 0;
  let tryAtMs = -Infinity;
  let cautiousUntilMs = -Infinity;

  function lost(): void {
    if (mode === 'redis') {
      mode = 'fallback';
      failures = 0;
      onLost();
    }
    tryAtMs = clock.monotonic() + backoffMs(tryBackoff, failures, random);
    failures += 1;
  }

  function regained(): void {
    if (mode === 'redis') return;
    mode = 'redis';
    cautiousUntilMs = clock.monotonic() + cautionMs;
  }

  // An idle replica would otherwise sleep through a restart, and use freely what the others count as theirs.
  redis.on('close', lost);
  redis.on('ready', regained);

  return {
    mode: () => mode,
    allHaveIt: () => mode === 'redis' && clock.monotonic() >= cautiousUntilMs,
    untilTryMs: () => (mode === 'redis' ? 0 : Math.max(0, tryAtMs - clock.monotonic())),
    lost,
    regained,
  };
}
