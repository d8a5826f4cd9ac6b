import { randomUUID } from 'node:crypto';

import type { Redis } from 'ioredis';

import type { Clock } from '../core/clock.ts';
import type { CalendarWindow } from './calendar.ts';
import { createContact } from './contact.ts';
import type { Ledger, Obstacle, Payment } from './ledger.ts';
import { longest } from './ledger.ts';
import type { Charge } from './sharedAllowance.ts';
import { createSharedAllowance } from './sharedAllowance.ts';
import { createSlidingLog } from './slidingLog.ts';
import { createSlots } from './slots.ts';

export interface SharedLedgerOptions {
  redis: Redis;
  identity: string;
  replicas: number;
  commandTimeoutMs: number;
  noticeMs: number;
  clock: Clock;
  random: () => number;
  perSecond: number;
  spanMs: number;
  marginMs: number;
  calendar: readonly [CalendarWindow, CalendarWindow];
}

/** Raised when the meaning of a key changes, so that old and new replicas never read each other's. */
const keyVersion = 1;

/**
 * Counts in Redis for all replicas, and for this one alone while Redis is away.
 *
 * The change between the two must not let more than the limit through either. So whoever loses Redis first waits a span,
 * in which the others' last calls through Redis grow old; then all live on shares that add up to the limit at most; and
 * whoever finds Redis again keeps to the share until the others must have found it too. One thing can't be seen: that
 * Redis is out of reach for this replica only. The others then have the whole limit, and the share comes on top.
 */
export function createSharedLedger(options: SharedLedgerOptions): Ledger {
  const { clock, perSecond, spanMs, marginMs, replicas, commandTimeoutMs } = options;
  const connection = { ...options, keyPrefix: `budget:v${keyVersion}:${options.identity}` };
  const member = {
    ...connection,
    replicaId: randomUUID(),
    untilTryMs: () => (isAway() ? contact.untilTryMs() : null),
  };
  const share = Math.max(1, Math.floor(perSecond / replicas));
  const log = createSlidingLog(perSecond, spanMs + marginMs);
  const slots = createSlots({ ...connection, count: perSecond });
  const contact = createContact({
    ...options,
    // What a replica did on its share just before it noticed is known to nobody else, and has to grow old.
    cautionMs: options.noticeMs + spanMs + marginMs,
    // The others may be admitted by an answer that is still on its way.
    onLost: () => {
      log.fill(clock.monotonic() + commandTimeoutMs);
    },
  });
  const isAway = () => contact.mode() === 'fallback';
  const day = createSharedAllowance(options.calendar[0], member);
  const month = createSharedAllowance(options.calendar[1], member);
  const allowances = [day, month];
  const limit = () => (contact.allHaveIt() ? perSecond : share);

  function forecast(): (ahead: number) => Obstacle {
    const secondMs = forecastSecond();
    const ofDay = day.forecast(clock.now());
    const ofMonth = month.forecast(clock.now());
    return (ahead) => longest({ window: 'second', waitMs: secondMs(ahead) }, ofDay(ahead), ofMonth(ahead));
  }

  function forecastSecond(): (ahead: number) => number {
    const nowMs = clock.monotonic();
    const inLog = (ahead: number) => log.waitMs(nowMs, ahead, limit());
    if (isAway()) return inLog;
    const inSlots = slots.forecast();
    return (ahead) => Math.max(inLog(ahead), inSlots(ahead));
  }

  async function pay(): Promise<Payment> {
    const obstacle = forecast()(0);
    if (obstacle.waitMs > 0) return { paid: false, obstacle };
    if (contact.untilTryMs() > 0) return payLocally();
    try {
      const payment = await payInRedis();
      contact.regained();
      return payment;
    } catch {
      contact.lost();
      return payLocally();
    }
  }

  /** The slot first: a lost slot then never costs a call of the day, and a slot lost to a spent day costs nothing. */
  async function payInRedis(): Promise<Payment> {
    const claim = await slots.claim();
    if (claim === null) return refused();
    const nowMs = clock.now();
    const charges = await Promise.all(allowances.map((allowance) => allowance.charge(nowMs))).catch(
      (error: unknown) => {
        claim.end();
        throw error;
      },
    );
    const payment = settle(charges, claim.end);
    if (!payment.paid || claim.isGood()) return payment;
    payment.giveBack();
    return refused();
  }

  function payLocally(): Payment {
    const obstacle = forecast()(0);
    if (obstacle.waitMs > 0) return { paid: false, obstacle };
    const nowMs = clock.now();
    return settle(allowances.map((allowance) => allowance.chargeLocally(nowMs)));
  }

  /** A payment if all charges went through; its place here, and whatever else is held for it, is free after its end. */
  function settle(charges: Charge[], endElsewhere: () => void = () => undefined): Payment {
    const returnCharges = () => {
      for (const charge of charges) charge?.giveBack();
    };
    if (charges.includes(null)) {
      returnCharges();
      endElsewhere();
      return refused();
    }
    const end = log.record(clock.monotonic());
    const ended = () => {
      end(clock.monotonic());
      endElsewhere();
    };
    return {
      paid: true,
      ended,
      giveBack: () => {
        ended();
        returnCharges();
      },
    };
  }

  function refused(): Payment {
    return { paid: false, obstacle: forecast()(0) };
  }

  return {
    pay,
    forecast,
    fillSecond: () => {
      log.fill(clock.monotonic());
    },
    snapshot() {
      const used = Math.min(limit(), Math.max(log.used(clock.monotonic()), isAway() ? 0 : slots.taken()));
      const clearInMs = used === 0 ? 0 : Math.ceil(forecastSecond()(limit() - 1));
      return {
        second: { limit: limit(), used, left: limit() - used, resetsAt: clock.now() + clearInMs },
        day: day.snapshot(clock.now()),
        month: month.snapshot(clock.now()),
      };
    },
    shared: () => contact.mode(),
  };
}
