import type { BudgetSnapshot } from '../core/quotaSnapshot.ts';
import type { Redis } from 'ioredis';

import type { Clock } from '../core/clock.ts';
import type { Action, CallContext } from '../core/upstream.ts';
import type { UpstreamError } from '../core/upstreamError.ts';
import { systemClock } from '../core/clock.ts';
import { calendarWindows, chinaOffsetMinutes } from './calendar.ts';
import { createHolds } from './holds.ts';
import type { Ledger, Obstacle, Payment, Permit } from './ledger.ts';
import type { WindowSnapshot } from '../core/quotaSnapshot.ts';
import { longest } from './ledger.ts';
import { createMemoryLedger } from './memoryLedger.ts';
import type { Limits } from './presets.ts';
import { createQueue } from './queue.ts';
import { createSharedLedger } from './sharedLedger.ts';

export interface BudgetOptions {
  /** What the account may do: see `limitsFor`. */
  limits: Limits;
  /** The wall clock, for day and month. Default: the system's. */
  clock?: Clock;
  /** The clock of deadlines. Default: `clock`. */
  steadyClock?: Clock;
  /** The span that holds at most `perSecond` calls, in milliseconds. Default: 1000. Redis rounds it up to seconds. */
  spanMs?: number;
  /** Added to the span, for a call that was given up and is on its way all the same. Milliseconds, default 50. */
  marginMs?: number;
  /** Where the day and the month turn. Default 480, China: an assumption, for DataWorks does not say. */
  utcOffsetMinutes?: number;
  /** How many calls may wait; beyond it, the last in line is refused. Default: 1000. */
  maxWaiting?: number;
  /** From 0 to 1, for jitter. Default: Math.random. */
  random?: () => number;
  /** Told when the upstream says that the day's quota is used up, with the time of the next try; with null when that is over. */
  onExhaustion?: (nextProbeAt: number | null) => void;
  /** Counts shared by all replicas. Default: each process counts for itself. */
  shared?: SharedOptions;
}

export interface SharedOptions {
  /** Connected or connecting. Its errors are the owner's to listen to. */
  redis: Redis;
  /** Names the account and region in keys. Hashed by the caller: keys are readable to whoever reads Redis. */
  identity: string;
  /** How many replicas there are; without Redis each lives on its share of the limits, of the second at least 1. Default: 2. */
  replicas?: number;
  /** How long one command may take before Redis counts as away, in milliseconds. Default: 150. */
  commandTimeoutMs?: number;
  /**
   * How long after Redis came back the last replica may take to notice, in milliseconds: until then, and a span longer,
   * each keeps to its share. More than a connection's longest delay before it reconnects (2 s by ioredis' default) and
   * than 1 s, the longest pause between tries of a Redis that hangs. Default: 4000.
   */
  noticeMs?: number;
}

export interface Budget {
  /**
   * Resolves when one call may be sent, which it has then paid for; its end is to be told. Waits by `context.priority`, within
   * `context.deadline`, and rejects with an `UpstreamError` as soon as that is known to be in vain: kind `throttled`
   * (second window or queue full) or `quotaExhausted` (day or month) with `retryAfterMs`, and kind `timeout` when the
   * deadline is past already or `context.signal` has fired.
   */
  permit(action: Action, context: CallContext): Promise<Permit>;
  /**
   * The upstream answered that there were too many calls: all wait, for as long as it says or a growing delay. Gives how
   * long that is, in milliseconds.
   */
  throttled(error: UpstreamError): number;
  /** The upstream answered that the day's quota is used up: all wait until one call may try it again. Gives how long. */
  exhausted(error: UpstreamError): number;
  /** The upstream answered: the next delay after a throttle starts small again, and a day that was tried is not used up. */
  succeeded(): void;
  snapshot(): BudgetSnapshot;
}

/** One budget a process and upstream identity. Throws a `RangeError` on limits that are none. */
export function createBudget(options: BudgetOptions): Budget {
  const { clock = systemClock, random = Math.random, maxWaiting = 1_000, onExhaustion } = options;
  assertLimits(options.limits);
  const calendar = calendarWindows(options.limits, options.utcOffsetMinutes ?? chinaOffsetMinutes);
  const ledger = createLedger(options, calendar);
  const holds = createHolds(clock, calendar[0], random, (nextProbeAt) => onExhaustion?.(nextProbeAt));
  const queue = createQueue({ clock: options.steadyClock ?? clock, maxWaiting, pay, forecast });

  async function pay(): Promise<Payment> {
    const held = holds.obstacle();
    if (held.waitMs > 0) return { paid: false, obstacle: held };
    const payment = await ledger.pay();
    // The upstream may have called a halt while Redis was asked.
    const heldSince = holds.obstacle();
    if (!payment.paid) return payment;
    if (heldSince.waitMs === 0) {
      holds.callSent();
      return payment;
    }
    payment.giveBack();
    return { paid: false, obstacle: heldSince };
  }

  function forecast(): (ahead: number) => Obstacle {
    const held = holds.obstacle();
    const obstacleOf = ledger.forecast();
    return (ahead) => longest(held, obstacleOf(ahead));
  }

  return {
    permit: (action, context) => queue.permit(action, context),
    throttled(error) {
      ledger.fillSecond();
      holds.throttled(error);
      queue.review();
      return holds.obstacle().waitMs;
    },
    exhausted(error) {
      holds.exhausted(error);
      queue.review();
      return holds.obstacle().waitMs;
    },
    succeeded: () => {
      holds.succeeded();
    },
    snapshot() {
      const windows = ledger.snapshot();
      return {
        ...windows,
        waiting: queue.sizes(),
        shared: ledger.shared(),
        dayLeft: holds.isExhausted() ? 0 : leastLeft(windows.day, windows.month),
        nextProbeAt: holds.nextProbeAt(),
        msUntilDayTurns: windows.day.resetsAt - clock.now(),
      };
    },
  };
}

function createLedger(options: BudgetOptions, calendar: ReturnType<typeof calendarWindows>): Ledger {
  const { clock = systemClock, random = Math.random, spanMs = 1_000, marginMs = 50, shared } = options;
  const { perSecond } = options.limits;
  if (!shared) return createMemoryLedger({ clock, perSecond, spanMs: spanMs + marginMs, calendar });
  return createSharedLedger({
    redis: shared.redis,
    identity: shared.identity,
    replicas: shared.replicas ?? 2,
    commandTimeoutMs: shared.commandTimeoutMs ?? 150,
    noticeMs: shared.noticeMs ?? 4_000,
    clock,
    random,
    perSecond,
    spanMs,
    marginMs,
    calendar,
  });
}

function leastLeft(...windows: WindowSnapshot[]): number | null {
  const lefts = windows.map(({ left }) => left).filter((left) => left !== null);
  return lefts.length > 0 ? Math.min(...lefts) : null;
}

function assertLimits({ perSecond, perDay, perMonth }: Limits): void {
  if (!Number.isInteger(perSecond) || perSecond < 1) {
    throw new RangeError(`Expected perSecond to be a whole number from 1, got ${perSecond}.`);
  }
  for (const [name, limit] of Object.entries({ perDay, perMonth })) {
    if (limit !== null && (!Number.isInteger(limit) || limit < 0)) {
      throw new RangeError(`Expected ${name} to be null or a whole number from 0, got ${limit}.`);
    }
  }
}
