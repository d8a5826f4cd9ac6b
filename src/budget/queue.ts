import type { Action, CallContext, Clock, Priority, UpstreamError } from '../model.ts';
import type { Obstacle, Payment, Permit } from './ledger.ts';
import { abandoned, refusal, tooLate } from './refusal.ts';
import type { Waiter } from './waitingLine.ts';
import { createWaitingLine } from './waitingLine.ts';

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
    const last = line.size() > maxWaiting ? line.last() : undefined;
    if (last) dismiss(last, refusal(last.action, forecast()(maxWaiting)));
    review(newcomer);
    if (cancelAlarm === null) void pump();
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
    const waiters = line.inOrder().slice(isPaying ? 1 : 0);
    let ahead = newcomer ? Math.max(0, waiters.indexOf(newcomer)) : 0;
    for (const waiter of waiters.slice(ahead)) {
      const obstacle = obstacleOf(ahead);
      if (nowMs + obstacle.waitMs >= waiter.deadlineMs) dismiss(waiter, refusal(waiter.action, obstacle));
      else ahead += 1;
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
    const first = line.first();
    if (first) {
      line.remove(first);
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
