import { type Clock, systemClock } from '../core/clock.ts';
import type { QuotaSnapshot } from '../core/observation.ts';
import type { Action, CallContext } from '../core/upstream.ts';
import type { UpstreamError } from '../core/upstreamError.ts';
import { createCooldowns } from './cooldowns.ts';
import { createLocalStore } from './localStore.ts';
import type { Denial, Permit } from './permit.ts';
import type { Limits } from './presets.ts';
import { createQueue } from './queue.ts';
import { createRedisStore, type SharedOptions } from './redisStore.ts';

export interface QuotaOptions {
  /** See `limitsFor`. */
  limits: Limits;
  /** The wall clock, for day and month. Default: the system's. */
  clock?: Clock;
  /** The clock of deadlines. Default: `clock`. */
  steadyClock?: Clock;
  /** The span that holds at most `perSecond` calls, in milliseconds. Default: 1000. */
  spanMs?: number;
  /** The least distance that is added to the span. Milliseconds, default 50. */
  marginMs?: number;
  /** How many calls may be queued; beyond it, the last in order is rejected. Default: 1000. */
  maxWaiting?: number;
  /** From 0 to 1, for jitter. Default: Math.random. */
  random?: () => number;
  /** Counts shared by all replicas. Default: each process counts its own calls. */
  shared?: SharedOptions;
}

export interface Quota {
  /**
   * Resolves when one call, which then is counted, may be sent. Waits by `context.priority` within `context.deadline`. Rejects with
   * an `UpstreamError` as soon as the deadline cannot be met: kind `throttled` (second, or queue full) or `quotaExhausted` (day or
   * month) with `retryAfterMs`; and with kind `timeout` if the deadline has passed or `context.signal` fires.
   */
  permit(action: Action, context: CallContext): Promise<Permit>;
  /** The upstream answered that there were too many calls. Returns for how long all calls now pause, in milliseconds. */
  throttled(error: UpstreamError): number;
  /** The upstream answered that the day's quota is used up. Returns for how long all calls now pause. */
  exhausted(error: UpstreamError): number;
  /** The upstream answered: pauses start short again, and a probed day is not exhausted. */
  succeeded(): void;
  /** Calls the listener when the upstream reports the day's quota as used up, with the time of the next probe; with null when that is over. */
  onExhaustion(listener: (nextProbeAt: number | null) => void): void;
  /** The calls left of the day and of the month, for each that is limited or exhausted. */
  allowances: () => { left: number; resetsInMs: number }[];
  snapshot(): QuotaSnapshot;
}

/** One per process and upstream account. */
export function createQuota(options: QuotaOptions): Quota {
  const { limits, clock = systemClock, random = Math.random, maxWaiting = 1_000, shared } = options;
  const local = { clock, limits, spanMs: options.spanMs ?? 1_000, marginMs: options.marginMs ?? 50 };
  const cooldowns = createCooldowns(clock, random);
  const store = shared ? createRedisStore(shared, local, random) : createLocalStore(local);
  const queue = createQueue({
    clock: options.steadyClock ?? clock,
    maxWaiting,
    take,
    forecast,
    intervalMs: ((local.spanMs + local.marginMs) / limits.perSecond) * (shared?.replicas ?? 1),
  });

  async function take(): Promise<Permit | Denial> {
    const denial = forecast(0);
    if (denial.waitMs > 0) return denial;
    const taken = await store.take();
    if ('waitMs' in taken) return taken;
    // The upstream may have imposed a pause since.
    const paused = cooldowns.denial();
    if (paused.waitMs > 0) {
      taken.giveBack();
      return paused;
    }
    cooldowns.departed();
    return taken;
  }

  function forecast(ahead: number): Denial {
    const paused = cooldowns.denial();
    const denial = store.forecast(ahead);
    return denial.waitMs > paused.waitMs ? denial : paused;
  }

  function calendar() {
    const [day, month] = store.calendar();
    const nextProbeAt = cooldowns.nextProbeAt();
    const left = nextProbeAt === null ? Math.min(day.left ?? Infinity, month.left ?? Infinity) : 0;
    return { day, month, nextProbeAt, dayLeft: left === Infinity ? null : left };
  }

  function pauseMs(): number {
    queue.review();
    return cooldowns.denial().waitMs;
  }

  return {
    permit: queue.permit,
    throttled(error) {
      store.fillSecond();
      cooldowns.throttled(error);
      return pauseMs();
    },
    exhausted(error) {
      cooldowns.exhausted(error);
      return pauseMs();
    },
    succeeded: cooldowns.succeeded,
    onExhaustion: cooldowns.onExhaustion,
    allowances() {
      const isUnlimited = limits.perDay === null && limits.perMonth === null;
      if (isUnlimited && cooldowns.nextProbeAt() === null) return [];
      const nowMs = clock.now();
      const { day, month, dayLeft } = calendar();
      const allowances = [];
      if (dayLeft !== null) allowances.push({ left: dayLeft, resetsInMs: day.resetsAt - nowMs });
      if (month.left !== null) allowances.push({ left: month.left, resetsInMs: month.resetsAt - nowMs });
      return allowances;
    },
    snapshot: () => ({
      ...calendar(),
      second: store.second(),
      waiting: queue.sizes(),
      shared: store.location(),
    }),
  };
}
