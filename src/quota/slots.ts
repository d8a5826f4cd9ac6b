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
  /** False when so much time has passed since the claim that somebody else may hold the slot before its call ends. */
  isGood(): boolean;
  /** The outcome of the call is known, or it is not made: the slot is free a span and the margin from here. Once is enough. */
  readonly end: () => void;
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

/** From the claim to the outcome: a call that takes longer has arrived by then. A replica that dies blocks its slots as long. */
const longestFlightMs = 5_000;
/** How much of that may have passed when the call goes out. */
const latestStartMs = 1_000;

/**
 * The library's windows are whole seconds and start in Redis, long before the call arrives where calls are counted. A plain
 * window of one second would therefore let two calls of one slot arrive closer than a second. So a slot is claimed for longer,
 * and once the outcome of its call is known and the margin has passed, it is set to one span from there. That second
 * command delays nobody; if it is lost, the slot stays closed until the claim runs out.
 */
export function createSlots(options: SlotsOptions): Slots {
  const { count, marginMs, commandTimeoutMs, clock, random } = options;
  const spanSeconds = Math.ceil(options.spanMs / 1000);
  const spanMs = spanSeconds * 1000;
  const claimMs = spanMs + longestFlightMs;
  const counter = createRedisCounter(options, 1, claimMs / 1000);
  const freeAtMs = Array<number>(count).fill(-Infinity);
  /** Slots of calls that are under way from here. */
  const underWay = new Set<number>();
  // Replicas that start in different places seldom try the same slot.
  let next = Math.floor(random() * count) % count;

  async function claim(): Promise<Claim | null> {
    for (let slot = nextFree(); slot !== null; slot = nextFree()) {
      const askedAtMs = clock.monotonic();
      const { granted, expiresInMs } = await counter.consume(keyOf(slot));
      next = (slot + 1) % count;
      if (granted) return claimOf(slot, askedAtMs);
      // A claim that lasts for longer than a span is a call under way, whose outcome may come right now.
      freeAtMs[slot] = clock.monotonic() + Math.max(shortestRetryMs, Math.min(expiresInMs, spanMs));
    }
    return null;
  }

  function nextFree(): number | null {
    const nowMs = clock.monotonic();
    for (let step = 0; step < count; step += 1) {
      const slot = (next + step) % count;
      if (freeTime(slot, nowMs) <= nowMs) return slot;
    }
    return null;
  }

  function freeTime(slot: number, nowMs: number): number {
    return underWay.has(slot) ? nowMs + spanMs + marginMs : (freeAtMs[slot] ?? -Infinity);
  }

  function claimOf(slot: number, askedAtMs: number): Claim {
    const sinceMs = () => clock.monotonic() - askedAtMs;
    let hasEnded = false;
    underWay.add(slot);

    function end(): void {
      if (hasEnded) return;
      hasEnded = true;
      underWay.delete(slot);
      freeAtMs[slot] = clock.monotonic() + spanMs + marginMs;
      clock.after(marginMs, () => {
        // Somebody else may hold it by the time that the command arrives.
        if (sinceMs() + commandTimeoutMs >= claimMs) return;
        counter.restart(keyOf(slot), spanSeconds).then(
          () => (freeAtMs[slot] = clock.monotonic() + spanMs),
          () => (freeAtMs[slot] = askedAtMs + claimMs),
        );
      });
    }

    return { isGood: () => sinceMs() < latestStartMs, end };
  }

  return {
    claim,
    forecast() {
      const nowMs = clock.monotonic();
      const soonest = freeTimes(nowMs).sort((one, other) => one - other);
      return (ahead) =>
        Math.max(0, (soonest[ahead % count] ?? 0) - nowMs) + Math.floor(ahead / count) * spanMs;
    },
    taken() {
      const nowMs = clock.monotonic();
      return freeTimes(nowMs).filter((freeMs) => freeMs > nowMs).length;
    },
  };

  function freeTimes(nowMs: number): number[] {
    return freeAtMs.map((_, slot) => freeTime(slot, nowMs));
  }
}

function keyOf(slot: number): string {
  return `slot:${slot}`;
}
