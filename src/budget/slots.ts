import type { RedisConnection } from './redisCounter.ts';
import { createRedisCounter } from './redisCounter.ts';

/** A strict sliding window shared through Redis: as many slots as calls a span, each used at most once a span. */
export interface Slots {
  /** Wins a slot, or null when all are taken. Rejects when Redis does not answer in time. */
  claim(): Promise<Claim | null>;
  /** How long the call `ahead` places behind the next waits at least, by what is known of the slots. */
  forecast(): (ahead: number) => number;
  taken(): number;
}

export interface Claim {
  /** False when so much time has passed since the claim that somebody else may hold the slot by now. */
  isGood(): boolean;
  /** The call goes out now: the slot is closed for a span and the margin from here. */
  use(): void;
}

export interface SlotsOptions extends RedisConnection {
  count: number;
  /** Rounded up to whole seconds. */
  spanMs: number;
  marginMs: number;
  random: () => number;
}

/** So that a wrong guess of when a slot is free costs a few commands and not a storm of them. */
const shortestRetryMs = 10;

/**
 * The library's windows are whole seconds and start in Redis, some time before the winner learns of it. A plain window of
 * one second would therefore let two calls of one slot go out closer than a second. So a slot is claimed for longer, and
 * once its call has gone out and the margin has passed, it is set to one span from there. That second command delays
 * nobody; if it is lost, the slot stays closed until the claim runs out.
 */
export function createSlots(options: SlotsOptions): Slots {
  const { count, marginMs, commandTimeoutMs, clock, random } = options;
  const spanSeconds = Math.ceil(options.spanMs / 1000);
  const claimSeconds = spanSeconds + Math.ceil((marginMs + 2 * commandTimeoutMs) / 1000);
  const spanMs = spanSeconds * 1000;
  const beyondSpanMs = claimSeconds * 1000 - spanMs;
  const counter = createRedisCounter(options, 1, claimSeconds);
  const freeAtMs = Array<number>(count).fill(-Infinity);
  // Replicas that start in different places seldom try the same slot.
  let next = Math.floor(random() * count) % count;

  async function claim(): Promise<Claim | null> {
    for (let slot = nextFree(); slot !== null; slot = nextFree()) {
      const askedAtMs = clock.monotonic();
      const { granted, expiresInMs } = await counter.consume(keyOf(slot));
      next = (slot + 1) % count;
      if (granted) return claimOf(slot, askedAtMs);
      freeAtMs[slot] = clock.monotonic() + Math.max(shortestRetryMs, likelyFreeInMs(expiresInMs));
    }
    return null;
  }

  function nextFree(): number | null {
    const nowMs = clock.monotonic();
    for (let step = 0; step < count; step += 1) {
      const slot = (next + step) % count;
      if ((freeAtMs[slot] ?? 0) <= nowMs) return slot;
    }
    return null;
  }

  function claimOf(slot: number, askedAtMs: number): Claim {
    freeAtMs[slot] = askedAtMs + spanMs + marginMs;
    return {
      isGood: () => clock.monotonic() - askedAtMs < beyondSpanMs - marginMs,
      use() {
        clock.after(marginMs, () => {
          counter.restart(keyOf(slot), spanSeconds).then(
            () => (freeAtMs[slot] = clock.monotonic() + spanMs),
            // The claim's own, longer lifetime stands.
            () => undefined,
          );
        });
      },
    };
  }

  /** Somebody's claim that is not yet set to its span will be, soon. */
  function likelyFreeInMs(expiresInMs: number): number {
    return expiresInMs <= spanMs ? expiresInMs : expiresInMs - beyondSpanMs + marginMs;
  }

  return {
    claim,
    forecast() {
      const nowMs = clock.monotonic();
      const soonest = freeAtMs.toSorted((one, other) => one - other);
      return (ahead) =>
        Math.max(0, (soonest[ahead % count] ?? 0) - nowMs) + Math.floor(ahead / count) * spanMs;
    },
    taken: () => freeAtMs.filter((freeMs) => freeMs > clock.monotonic()).length,
  };
}

function keyOf(slot: number): string {
  return `slot:${slot}`;
}
