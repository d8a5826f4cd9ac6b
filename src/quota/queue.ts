import type { Clock } from '../core/clock.ts';
import { within } from '../core/deadline.ts';
import type { Action, CallContext } from '../core/upstream.ts';
import type { UpstreamError } from '../core/upstreamError.ts';
import { canceled, deadlinePassed, type Denial, type Permit, quotaError } from './permit.ts';
import { createReservations } from './reservations.ts';
import { createWaitingLine, interactiveShare, mostExpendable, type Waiter } from './waitingLine.ts';

export interface QueueOptions {
  clock: Clock;
  maxWaiting: number;
  /** Not called again before it settles. The permit goes to the call that is first in order then. */
  take: () => Promise<Permit | Denial>;
  /** What delays the call that is `ahead` places behind the next one. */
  forecast: (ahead: number) => Denial;
  /** The time between two permits of this process, in milliseconds. */
  intervalMs: number;
}

/** Denials are checked again at least this often: the wall clock can jump, and Redis can come back. */
const maxSleepMs = 1_000;
/** A refused refresh may try again soon, since its urgency grows. */
const refreshRetryMs = 1_000;
/** Node runs a longer timer at once. */
const maxTimerMs = 2 ** 31 - 1;

const ignore = () => undefined;

export function createQueue({ clock, maxWaiting, take, forecast, intervalMs }: QueueOptions) {
  const line = createWaitingLine();
  const reservations = createReservations();
  const { waiters } = line;
  let isTaking = false;
  let cancelAlarm: (() => void) | null = null;

  async function permit(action: Action, context: CallContext): Promise<Permit> {
    const { signal, deadline, key = null } = context;
    const leftMs = deadline - clock.now();
    if (signal?.aborted) throw canceled(action);
    if (leftMs <= 0) throw deadlinePassed(action);
    const waiter: Waiter = {
      action,
      callerId: context.caller?.id ?? '',
      isProbe: context.isProbe ?? false,
      get priority() {
        return context.priority;
      },
      get urgency() {
        return context.urgency ?? 0;
      },
      key,
      dueTurn: key === null ? null : reservations.dueTurn(key, clock.monotonic()),
      deadlineMs: clock.monotonic() + leftMs,
      admit: ignore,
      reject: ignore,
    };
    const granted = new Promise<Permit>((admit, reject) => Object.assign(waiter, { admit, reject }));
    waiters.add(waiter);
    if (waiters.size > maxWaiting) dismissMostExpendable();
    // Without other calls, the denial of this one reviews it.
    if (waiters.size > 1 || cancelAlarm !== null || isTaking) review(waiter);
    if (cancelAlarm === null) void pump();
    return within(granted, {
      clock,
      timeoutMs: Math.min(leftMs, maxTimerMs),
      signal,
      giveUp(reason) {
        const error = reason === 'aborted' ? canceled(action) : refusal(waiter, forecast(0));
        dismiss(waiter, error);
        // It may have been admitted in this very moment.
        granted.then((permitted) => permitted.giveBack(), ignore);
        return error;
      },
    });
  }

  function dismissMostExpendable(): void {
    const order = line.inOrder();
    const waiter = mostExpendable(order);
    if (waiter) dismiss(waiter, refusal(waiter, forecast(order.indexOf(waiter))));
  }

  /** Of an interactive call, with a reservation for its next attempt, unless the day or the month is used up. */
  function refusal(waiter: Waiter, denial: Denial): UpstreamError {
    const { action, key, callerId, priority } = waiter;
    const isOfSecond = denial.window === 'second';
    if (priority === 'refresh' && isOfSecond) {
      return quotaError(action, { ...denial, waitMs: Math.min(denial.waitMs, refreshRetryMs) });
    }
    if (key === null || priority !== 'interactive' || !isOfSecond) return quotaError(action, denial);
    const nowMs = clock.monotonic();
    const dueMs = reservations.make(
      { key, callerId, turn: line.turn() },
      { nowMs, earliestMs: nowMs + denial.waitMs, intervalMs: intervalMs / interactiveShare },
    );
    return quotaError(action, { ...denial, waitMs: dueMs - nowMs });
  }

  function dismiss(waiter: Waiter, reason: UpstreamError): void {
    if (waiters.delete(waiter)) waiter.reject(reason);
    if (waiters.size === 0) clearAlarm();
  }

  /** A newcomer delays only itself and those behind it. */
  function review(newcomer?: Waiter): void {
    const nowMs = clock.monotonic();
    const soonest = forecast(0);
    // The forecast includes a call that is being taken, which goes to the first in order.
    const inOrder = () => line.inOrder().slice(isTaking ? 1 : 0);
    let order = inOrder();
    // All in one pass, since an exhausted day rejects every call.
    const late = order.filter(({ deadlineMs }) => nowMs + soonest.waitMs >= deadlineMs);
    for (const waiter of late) dismiss(waiter, refusal(waiter, forecast(order.indexOf(waiter))));
    if (late.length > 0) order = inOrder();
    let ahead = newcomer ? Math.max(0, order.indexOf(newcomer)) : 0;
    for (let waiter = order[ahead]; waiter !== undefined; waiter = order[ahead]) {
      const denial = forecast(ahead);
      if (nowMs + denial.waitMs < waiter.deadlineMs) {
        ahead += 1;
      } else {
        dismiss(waiter, refusal(waiter, denial));
        // Only the later calls of the same caller move up.
        order = inOrder();
      }
    }
  }

  /** Sends calls in order until one is denied, then sleeps until it may be sent. */
  async function pump(): Promise<void> {
    if (isTaking) return;
    while (waiters.size > 0) {
      let taken: Permit | Denial;
      isTaking = true;
      try {
        taken = await take();
      } catch (error) {
        // It fails one call, and the queue continues.
        line.takeFirst()?.reject(error);
        continue;
      } finally {
        isTaking = false;
      }
      if ('waitMs' in taken) {
        review();
        if (waiters.size > 0) setAlarm(taken.waitMs);
        return;
      }
      const first = line.takeFirst();
      if (first?.key) reservations.redeem(first.key);
      if (first) first.admit(taken);
      else taken.giveBack();
    }
  }

  function setAlarm(waitMs: number): void {
    cancelAlarm = clock.after(Math.min(Math.max(Math.ceil(waitMs), 1), maxSleepMs), () => {
      cancelAlarm = null;
      void pump();
    });
  }

  function clearAlarm(): void {
    cancelAlarm?.();
    cancelAlarm = null;
  }

  return {
    permit,
    /** Rejects all calls that cannot be sent by their deadline any more. Must be called when the forecast gets worse. */
    review: () => review(),
    sizes: line.sizes,
  };
}
