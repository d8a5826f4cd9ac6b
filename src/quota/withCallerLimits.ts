import type { Clock } from '../core/clock.ts';
import { pause } from '../core/deadline.ts';
import {
  type Action,
  type CallContext,
  type Caller,
  hasLimits,
  type Upstream,
  withChanges,
} from '../core/upstream.ts';
import { UpstreamError } from '../core/upstreamError.ts';
import { periodAt } from './calendar.ts';
import { canceled } from './permit.ts';

const secondMs = 1_000;

/** Beyond it, the caller whose last call is longest ago starts its day again. Only callers with limits count. */
const maxCallers = 10_000;

/** The calls of one caller in this process. */
interface Usage {
  day: string;
  calls: number;
  /** When the calls of the last second were sent and queued ones may be sent (monotonic), in order. */
  turnsMs: number[];
}

/**
 * Enforces the limits of each caller, as its context names them, in this process. A call beyond the limit of the second waits; if it
 * cannot be sent by its deadline, it rejects with kind `throttled`. A call beyond the limit of the day rejects with `quotaExhausted`.
 * Retries count. What makes no upstream call does not.
 */
export function withCallerLimits(
  upstream: Upstream,
  { clock, steadyClock = clock }: { clock: Clock; steadyClock?: Clock },
): Upstream {
  const usages = new Map<string, Usage>();

  function usageOf({ id }: Caller, day: string): Usage {
    const known = usages.get(id);
    const usage = known?.day === day ? known : { day, calls: 0, turnsMs: known?.turnsMs ?? [] };
    usages.delete(id);
    usages.set(id, usage);
    const [oldest] = usages.keys();
    if (usages.size > maxCallers && oldest !== undefined) usages.delete(oldest);
    return usage;
  }

  /** When the call may be sent, on the monotonic clock. */
  function takeTurn(action: Action, usage: Usage, caller: Caller, deadline: number): number {
    const nowMs = clock.monotonic();
    const max = caller.maxCallsPerSecond ?? Infinity;
    const turnMs = Math.max(nowMs, (usage.turnsMs.at(-max) ?? -Infinity) + secondMs);
    if (turnMs - nowMs > 0 && turnMs - nowMs >= deadline - steadyClock.now()) {
      throw overLimit(action, 'throttled', 'second', max, turnMs - nowMs);
    }
    if (max < Infinity) {
      usage.turnsMs = [...usage.turnsMs.filter((one) => one > nowMs - secondMs), turnMs];
    }
    return turnMs;
  }

  return {
    async call(action, params, context) {
      const { caller } = context;
      if (!hasLimits(caller)) return upstream.call(action, params, context);
      const { name, turnsAt } = periodAt('day', clock.now());
      const usage = usageOf(caller, name);
      const maxCalls = caller.maxCallsPerDay ?? Infinity;
      if (usage.calls >= maxCalls) {
        throw overLimit(action, 'quotaExhausted', 'day', maxCalls, turnsAt - clock.now());
      }
      const turnMs = takeTurn(action, usage, caller, context.deadline);
      // Counted before it is sent, so that no burst exceeds the limit.
      usage.calls += 1;
      let sent = 0;
      const report: CallContext['report'] = (event) => {
        if (event.type === 'attempt') sent += 1;
        if (event.type === 'attempt' && sent > 1) usage.calls += 1;
        context.report(event);
      };
      try {
        const waitMs = turnMs - clock.monotonic();
        if (waitMs > 0) await pause(clock, waitMs, context.signal);
        if (context.signal?.aborted) throw canceled(action);
        return await upstream.call(action, params, withChanges(context, { report }));
      } finally {
        if (sent === 0) {
          usage.calls -= 1;
          const index = usage.turnsMs.indexOf(turnMs);
          if (index >= 0) usage.turnsMs.splice(index, 1);
        }
      }
    },
  };
}

function overLimit(
  action: Action,
  kind: 'throttled' | 'quotaExhausted',
  window: 'second' | 'day',
  limit: number,
  waitMs: number,
): UpstreamError {
  const setting = window === 'second' ? 'maxCallsPerSecond' : 'maxCallsPerDay';
  const message = `Your token's own limit of ${limit} upstream calls a ${window} (${setting}) is used up; this is not the account's limit. Cached data is still served.`;
  return new UpstreamError(message, {
    kind,
    action,
    retryAfterMs: Math.max(1, Math.ceil(waitMs)),
    isCallerLimit: true,
  });
}
