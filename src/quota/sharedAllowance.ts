import type { CalendarWindow } from './calendar.ts';
import type { Obstacle } from './ledger.ts';
import type { WindowSnapshot } from '../core/quotaSnapshot.ts';
import { describeWindow } from './ledger.ts';
import { createPerPeriod } from './perPeriod.ts';
import type { RedisConnection } from './redisCounter.ts';
import { createRedisCounter } from './redisCounter.ts';

/** A day's or month's limit that all replicas draw on. */
export interface SharedAllowance {
  /** Charges one call in Redis. Rejects when Redis does not answer in time. */
  charge(nowMs: number): Promise<Charge>;
  /** Charges one call to this replica's share. */
  chargeLocally(nowMs: number): Charge;
  forecast(nowMs: number): (ahead: number) => Obstacle;
  snapshot(nowMs: number): WindowSnapshot;
}

/** A call that is paid for; null where nothing is left to pay with. */
export type Charge = { giveBack(): void } | null;

export interface SharedAllowanceOptions extends RedisConnection {
  replicas: number;
  /** Tells this process from the other replicas. */
  replicaId: string;
  /** Milliseconds until Redis is worth a try; null while it is there. */
  untilTryMs: () => number | null;
}

interface Account {
  /** How many calls all replicas have made at least, by what Redis has shown and what was done since. */
  known: number;
  /** Calls of this replica that Redis has been told of. */
  billed: number;
  /** Calls of this replica that Redis was not there to be told of. */
  unbilled: number;
  /** Calls paid for and not made. They are kept here and not returned, so that the counts in Redis only ever grow. */
  credit: number;
}

/** Keys outlive their period, for a clock that is behind or jumps back. */
const afterlifeSeconds = 2 * 86_400;

/**
 * Two keys a period: what all replicas have used, and what this one has. When Redis comes back without its data, the
 * second tells each replica what to add again: its own calls, exactly once, with no need to agree on it with the others.
 */
export function createSharedAllowance(
  window: CalendarWindow,
  options: SharedAllowanceOptions,
): SharedAllowance {
  const { replicas, replicaId, untilTryMs } = options;
  const isLimited = Number.isFinite(window.limit);
  const counter = createRedisCounter(
    options,
    Math.min(window.limit, Number.MAX_SAFE_INTEGER),
    afterlifeSeconds,
  );
  const accountOf = createPerPeriod<Account>(() => ({ known: 0, billed: 0, unbilled: 0, credit: 0 }));

  async function charge(nowMs: number): Promise<Charge> {
    const { name, turnsAt } = window.periodAt(nowMs);
    const account = accountOf(name);
    if (!isLimited || account.credit > 0) return draw(account);

    const points = 1 + account.unbilled;
    const lifetimeSeconds = Math.ceil((turnsAt - nowMs) / 1000) + afterlifeSeconds;
    const bill = (amount: number) =>
      Promise.all([
        counter.consume(`${window.name}:${name}`, amount, lifetimeSeconds),
        counter.consume(`${window.name}:${name}:${replicaId}`, amount, lifetimeSeconds),
      ]);

    const [all, own] = await bill(points);
    account.billed += points;
    account.unbilled = 0;
    const forgotten = account.billed - own.used;
    const { used } = forgotten > 0 ? (await bill(forgotten))[0] : all;
    account.known = Math.max(used, account.known + points);
    return account.known <= window.limit ? paid(account) : null;
  }

  function chargeLocally(nowMs: number): Charge {
    const account = accountOf(window.periodAt(nowMs).name);
    return leftOf(account) > 0 ? draw(account) : null;
  }

  function draw(account: Account): Charge {
    if (account.credit > 0) account.credit -= 1;
    else account.unbilled += 1;
    return paid(account);
  }

  function leftOf(account: Account): number {
    if (untilTryMs() === null) return leftOfAll(account);
    const share = Math.floor(Math.max(0, window.limit - account.known) / replicas);
    return share - account.unbilled + account.credit;
  }

  function leftOfAll({ known, unbilled, credit }: Account): number {
    return window.limit - known - unbilled + credit;
  }

  function forecast(nowMs: number): (ahead: number) => Obstacle {
    const { name, turnsAt } = window.periodAt(nowMs);
    const account = accountOf(name);
    // When only the share is spent, Redis may have more: whoever comes when it is due for a try, waits for that.
    const left = untilTryMs() === 0 ? leftOfAll(account) : leftOf(account);
    return (ahead) => ({ window: window.name, waitMs: ahead < left ? 0 : turnsAt - nowMs });
  }

  return {
    charge,
    chargeLocally,
    forecast,
    snapshot(nowMs) {
      const account = accountOf(window.periodAt(nowMs).name);
      const used = Math.min(window.limit, account.known + account.unbilled - account.credit);
      return describeWindow(window, nowMs, { used, left: Math.max(0, leftOf(account)) });
    },
  };
}

function paid(account: Account): Charge {
  return {
    giveBack: () => {
      account.credit += 1;
    },
  };
}
