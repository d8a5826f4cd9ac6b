import type { Redis } from 'ioredis';
import type { SteadyClock } from '../core/clock.ts';
import { pause } from '../core/deadline.ts';
import type { Action, Actions, UpstreamResult, CallContext, Upstream } from '../core/upstream.ts';
import { staleReasonOf, UpstreamError } from '../core/upstreamError.ts';
import { createAnnouncements } from './announcements.ts';
import { createClaims, type Lease } from './claims.ts';
import type { Demand } from './demand.ts';
import { lastingMs } from './freshness.ts';
import { createRedisCommands } from './redisCommands.ts';
import { decodeShared, encodeShared, type SharedAnswer, sharedKey, sharedPrefix } from './sharedEntry.ts';

export interface SharedOptions {
  /** Connected or connecting. Its owner handles its errors. */
  redis: Redis;
  /** Names the account and region in keys. Hashed by the caller, since keys are readable in Redis. */
  identity: string;
  /** Times in Redis are those of its wall clock. */
  clock: SteadyClock;
  /** Decides how long answers are fresh and how long they may be served: the same as in the cache above. */
  demand: Demand;
  /** How long one command may take before Redis counts as unavailable, in milliseconds. Default: 150. */
  commandTimeoutMs?: number;
}

/** How often a replica checks whether another has read the answer. Milliseconds. */
const POLL_MS = 25;

/** Clocks of replicas may differ by this much, in milliseconds. */
const CLOCK_SKEW_MS = 1000;

export type RedisTier = ReturnType<typeof createRedisTier>;

/** What replicas share through Redis. One per process. Opens a connection of its own for announcements: close it with `close`. */
export function createRedisTier(options: SharedOptions) {
  const { redis, identity, clock, commandTimeoutMs = 150 } = options;
  const commands = createRedisCommands({ redis, clock, timeoutMs: commandTimeoutMs });
  const channel = `${sharedPrefix(identity)}:announcements`;
  const announcements = createAnnouncements({ redis, channel, clock, clockSkewMs: CLOCK_SKEW_MS });
  return {
    options,
    claim: createClaims(redis, commands, clock, channel),
    announcements,
    /** While Redis is unavailable each replica makes its own calls. */
    isUnavailable: commands.isUnavailable,
    /** For the cache's option of this name. Nothing is newer elsewhere while Redis is unavailable. */
    newestElsewhere: (key: string) =>
      commands.isUnavailable() ? -Infinity : announcements.newestElsewhere(key),
    close: announcements.close,
  };
}

/**
 * Shares answers between replicas: of all that request the same at the same time, one makes the call and the others read its
 * answer from Redis, for as long as it is fresh and no older than `context.notBefore`. When the call fails, an answer in Redis that is
 * within its bound is served as stale. Without Redis every call goes to the upstream.
 */
export function withSharedCache(upstream: Upstream, tier: RedisTier | null): Upstream {
  if (tier === null) return upstream;
  const { options, claim, announcements } = tier;
  const { identity, clock, demand } = options;
  return {
    async call(action, params, context) {
      const key = sharedKey(identity, action, params);
      for (;;) {
        const { text, isTaken, lease } = await claim(key);
        const known = text === null ? null : decoded(action, text);
        const age = known ? clock.now() - known.asOf : Infinity;
        if (known && isNewEnough(known, context) && age < freshMsOf(action, known)) {
          void lease?.end();
          context.report({ type: 'shared', action });
          return { ...known, staleBecause: null };
        }
        const leftMs = isTaken ? context.deadline - clock.now() : 0;
        if (leftMs > 0) await pause(clock, Math.min(POLL_MS, leftMs), context.signal);
        if (leftMs > 0 && context.signal?.aborted)
          throw new UpstreamError('The caller left before the answer arrived.', { kind: 'timeout', action });
        if (leftMs <= POLL_MS) return callUpstream(action, params, context, lease, known);
      }
    },
  };

  async function callUpstream<A extends Action>(
    action: A,
    params: Actions[A]['params'],
    context: CallContext,
    lease: Lease | null,
    known: SharedAnswer<A> | null,
  ): Promise<UpstreamResult<Actions[A]['result']>> {
    try {
      const answer = await upstream.call(action, params, context);
      const { value, asOf, staleBecause } = answer;
      const text = encodeShared({ value, asOf: clock.toWall(asOf) });
      const lifeMs = asOf + freshMsOf(action, answer) + demand.rules().staleMs - clock.now();
      const announcement = announcements.announcement(action, params, asOf);
      // A caller of this replica that then asks another must find the answer there.
      await lease?.end(staleBecause === null ? { text, lifeMs, announcement } : undefined);
      return answer;
    } catch (error) {
      void lease?.end();
      if (context.signal?.aborted || !(error instanceof UpstreamError)) throw error;
      if (!known || !isNewEnough(known, context)) throw error;
      if (clock.now() >= known.asOf + freshMsOf(action, known) + demand.rules().staleMs) throw error;
      return { ...known, staleBecause: staleReasonOf(error) };
    }
  }

  function decoded<A extends Action>(action: A, text: string): SharedAnswer<A> | null {
    const answer = decodeShared(action, text);
    return answer && { ...answer, asOf: clock.fromWall(answer.asOf) };
  }

  /** An answer from the future comes from a wrong clock, and its age is unknown. */
  function isNewEnough({ asOf }: { asOf: number }, { notBefore = -Infinity }: CallContext): boolean {
    return asOf >= notBefore && asOf <= clock.now() + CLOCK_SKEW_MS;
  }

  function freshMsOf<A extends Action>(action: A, { value }: SharedAnswer<A>): number {
    return lastingMs[action](value) ?? demand.rules().freshMs;
  }
}
