import type { Clock } from '../core/clock.ts';
import type { Action, CallContext, Priority } from '../core/upstream.ts';
import type { UpstreamError } from '../core/upstreamError.ts';
import type { Obstacle, Payment, Permit } from './ledger.ts';
import { abandoned, refusal, tooLate } from './refusal.ts';
import type { Waiter } from './waitingLine.ts';
import { createWaitingLine, mostExpendable } from './waitingLine.ts';

export interface QueueOptions {
  clock: Clock;
  maxWaiting: number;
  /** Called for one payment at a time, on behalf of whoever is first in line when it comes back. */
  pay: () => Promise<Payment>;
  forecast: () => (ahead: number) => Obstacle;
}

export interface Queue {
  permit(action: Action, context: CallContext): Promise<Permit>;
  /** Refuses all who can't be served by their deadline any more. To be called when the forecast got worse. */
  review(): void;
  sizes(): Record<Priority, number>;
}

/** Obstacles are looked at again at least this often: the wall clock can jump, and Redis can come back. */
const longestSleepMs = 1_000;
/** A longer timer fires at once. */
const longestTimerMs = 2 ** 31 - 1;

export function createQueue({ clock, maxWaiting, pay, forecast }: QueueOptions): Queue {
  const line = createWaitingLine();
  let isPumping = false;
  let isPaying = false;
  let cancelAlarm: (() => void) | null = null;

  function permit(action: Action, context: CallContext): Promise<Permit> {
    const { deadline, signal } = context;
    if (signal?.aborted) return Promise.reject(abandoned(action));
    const leftMs = deadline - clock.now();
    if (leftMs <= 0) return Promise.reject(tooLate(action));
    return new Promise((resolve, reject) => {
      const waiter: Waiter = {
        action,
        callerId: context.caller?.id ?? '',
        isProbe: context.isProbe ?? false,
        get priority() {
          return context.priority;
        },
        deadlineMs: clock.monotonic() + leftMs,
        admit,
        refuse,
      };
      const onAbort = () => {
        dismiss(waiter, abandoned(action));
      };
      const cancelTimer = clock.after(Math.min(leftMs, longestTimerMs), () => {
        dismiss(waiter, refusal(action, forecast()(0)));
      });
      signal?.addEventListener('abort', onAbort, { once: true });
      enter(waiter);

      function admit(permitted: Permit): void {
        letGo();
        resolve(permitted);
      }
      function refuse(reason: UpstreamError): void {
        letGo();
        reject(reason);
      }
      function letGo(): void {
        cancelTimer();
        signal?.removeEventListener('abort', onAbort);
      }
    });
  }

  function enter(newcomer: Waiter): void {
    line.add(newcomer);
    if (line.size() > maxWaiting) dismissMostExpendable();
    review(newcomer);
    if (cancelAlarm === null) void pump();
  }

  function dismissMostExpendable(): void {
    const order = line.inOrder();
    const waiter = mostExpendable(order);
    if (waiter) dismiss(waiter, refusal(waiter.action, forecast()(order.indexOf(waiter))));
  }

  function dismiss(waiter: Waiter, reason: UpstreamError): void {
    if (line.remove(waiter)) waiter.refuse(reason);
    if (line.size() === 0) clearAlarm();
  }

  /** After an arrival, only the newcomer and those behind have worse prospects than before. */
  function review(newcomer?: Waiter): void {
    const obstacleOf = forecast();
    const nowMs = clock.monotonic();
    // A payment on its way is in the forecast already, and is for the first in line.
    const inOrder = () => line.inOrder().slice(isPaying ? 1 : 0);
    let waiters = inOrder();
    // All at once, since a day that is used up leaves nobody a chance.
    const soonestMs = nowMs + obstacleOf(0).waitMs;
    const hopeless = waiters.filter(({ deadlineMs }) => soonestMs >= deadlineMs);
    for (const waiter of hopeless) {
      dismiss(waiter, refusal(waiter.action, obstacleOf(waiters.indexOf(waiter))));
    }
    if (hopeless.length > 0) waiters = inOrder();
    let ahead = newcomer ? Math.max(0, waiters.indexOf(newcomer)) : 0;
    for (let waiter = waiters[ahead]; waiter !== undefined; waiter = waiters[ahead]) {
      const obstacle = obstacleOf(ahead);
      if (nowMs + obstacle.waitMs < waiter.deadlineMs) {
        ahead += 1;
      } else {
        dismiss(waiter, refusal(waiter.action, obstacle));
        // The later calls of its caller move up, and others do not.
        waiters = inOrder();
      }
    }
  }

  /** Admits from the head of the line for as long as payments go through; then sleeps until they may again. */
  async function pump(): Promise<void> {
    if (isPumping) return;
    isPumping = true;
    clearAlarm();
    try {
      while (line.size() > 0) {
        const obstacle = await admitFirst();
        if (obstacle === null) continue;
        review();
        if (line.size() > 0) setAlarm(obstacle.waitMs);
        return;
      }
    } finally {
      isPumping = false;
    }
  }

  async function admitFirst(): Promise<Obstacle | null> {
    isPaying = true;
    const payment = await pay();
    isPaying = false;
    if (!payment.paid) return payment.obstacle;
    const first = line.takeFirst();
    if (first) {
      first.admit(payment);
    } else {
      payment.giveBack();
    }
    return null;
  }

  function setAlarm(waitMs: number): void {
    cancelAlarm = clock.after(Math.min(Math.max(Math.ceil(waitMs), 1), longestSleepMs), () => {
      cancelAlarm = null;
      void pump();
    });
  }

  function clearAlarm(): void {
    cancelAlarm?.();
    cancelAlarm = null;
  }

  return { permit, review: () => review(), sizes: () => line.sizes() };
}
