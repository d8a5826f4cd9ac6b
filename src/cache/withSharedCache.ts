import { randomUUID } from 'node:crypto';
import type { Redis } from 'ioredis';
import type { SteadyClock } from '../core/clock.ts';
import type { Action, Actions, UpstreamResult, CallContext, Upstream } from '../core/upstream.ts';
import { staleReasonOf, UpstreamError } from '../core/upstreamError.ts';
import { freshForMs } from './freshness.ts';
import { decodeShared, encodeShared, type SharedAnswer, sharedKey, sharedPrefix } from './sharedEntry.ts';
import { createAnnouncements } from './announcements.ts';
import { createSharedStore, type Health, type Lease } from './sharedStore.ts';

export interface SharedOptions {
  /** Connected or connecting. Its owner handles its errors. */
  redis: Redis;
  /** Names the account and region in keys. Hashed by the caller, since keys are readable in Redis. */
  identity: string;
  /** Times in Redis are those of its wall clock. */
  clock: SteadyClock;
  /** Freshness of what can change at any moment, in milliseconds: the same as in the cache above. */
  freshMs: () => number;
  /** How long past its freshness a thing may be served, in milliseconds. */
  staleMs: number;
  /** How long one command may take before Redis counts as unavailable, in milliseconds. Default: 150. */
  commandTimeoutMs?: number;
  /** A larger answer is not shared. Default: 1 MB. */
  maxValueBytes?: number;
  /** Reports changes of the health of Redis. Must not throw. */
  report?: (event: { type: 'redis'; health: Health }) => void;
}

/** An upstream that replicas share through Redis. */
export interface SharedUpstream extends Upstream {
  /** `down` while Redis is unavailable and each replica makes its own calls. */
  health(): Health;
  /** As the cache's option of this name. Nothing is newer elsewhere while Redis is unavailable. */
  newestElsewhere(key: string): number;
  /** Closes its own connection for announcements. */
  close(): void;
}

/** How often a replica checks whether another has read the answer. Milliseconds. */
const POLL_MS = 25;

/** Clocks of replicas may differ by this much, in milliseconds. */
const CLOCK_SKEW_MS = 1000;

/**
 * Shares answers between replicas: of all that request the same at the same time, one makes the call and the others read its
 * answer from Redis, for as long as it is fresh and no older than `context.notBefore`. When the call fails, an answer in Redis that is
 * within its bound is served as stale. Without Redis every call goes to the upstream.
 */
export function withSharedCache(upstream: Upstream, options: SharedOptions): SharedUpstream {
  const { redis, identity, clock, staleMs } = options;
  const store = createSharedStore({
    redis,
    clock,
    commandTimeoutMs: options.commandTimeoutMs ?? 150,
    maxValueBytes: options.maxValueBytes ?? 1_000_000,
    onHealth: (health) => options.report?.({ type: 'redis', health }),
  });

  const announcements = createAnnouncements({
    redis,
    channel: `${sharedPrefix(identity)}:announcements`,
    replica: randomUUID(),
    clock,
    clockSkewMs: CLOCK_SKEW_MS,
  });

  return {
    health: () => store.health(),
    newestElsewhere: (key) => (store.health() === 'ok' ? announcements.newestElsewhere(key) : -Infinity),
    close: () => announcements.close(),
    call,
  };

  async function call<A extends Action>(
    action: A,
    params: Actions[A]['params'],
    context: CallContext,
  ): Promise<UpstreamResult<Actions[A]['result']>> {
    const key = sharedKey(identity, action, params);
    const found = decoded(action, await store.read(key));
    if (found && isFresh(action, found, context)) return fromRedis(action, found, context);
    const { answer, lease, known } = await claimOrAwait(action, key, context);
    if (answer) return fromRedis(action, answer, context);
    return make(action, params, context, { lease, known: known ?? found });
  }

  /** The answer of another replica, or none if this replica must make the call. */
  async function claimOrAwait<A extends Action>(
    action: A,
    key: string,
    context: CallContext,
  ): Promise<{ answer?: SharedAnswer<A>; lease?: Lease; known?: SharedAnswer<A> | null }> {
    for (;;) {
      const claim = await store.claim(key);
      if (claim.outcome === 'unknown') return {};
      const known = decoded(action, claim.text);
      const lease = claim.outcome === 'ours' ? claim.lease : undefined;
      if (known && isFresh(action, known, context)) {
        void lease?.end();
        return { answer: known };
      }
      if (lease) return { lease, known };
      if (!(await pause(action, context))) return { known };
    }
  }

  async function make<A extends Action>(
    action: A,
    params: Actions[A]['params'],
    context: CallContext,
    { lease, known }: { lease?: Lease | undefined; known?: SharedAnswer<A> | null | undefined },
  ): Promise<UpstreamResult<Actions[A]['result']>> {
    try {
      const answer = await upstream.call(action, params, context);
      const lifeMs = answer.asOf + storedForMs(action, answer) - clock.now();
      const announcement = announcements.announcement(action, params, answer.asOf);
      const isShared = answer.staleBecause === null;
      // A caller of this replica that then asks another must find the answer there.
      await lease?.end(
        isShared
          ? {
              text: encodeShared({ value: answer.value, asOf: clock.toWall(answer.asOf) }),
              lifeMs,
              announcement,
            }
          : undefined,
      );
      return answer;
    } catch (error) {
      void lease?.end();
      const isServable =
        known && isNewEnough(known, context) && clock.now() < known.asOf + storedForMs(action, known);
      if (!isServable || context.signal?.aborted || !(error instanceof UpstreamError)) throw error;
      return { ...known, staleBecause: staleReasonOf(error) };
    }
  }

  /** Resolves to false when there is no time left to wait for another replica. */
  function pause(action: Action, { deadline, signal }: CallContext): Promise<boolean> {
    return new Promise((resolve, reject) => {
      const onAbort = () => {
        cancel();
        reject(new UpstreamError('The caller left before the answer arrived.', { kind: 'timeout', action }));
      };
      const leftMs = deadline - clock.now();
      const cancel = clock.after(Math.max(0, Math.min(POLL_MS, leftMs)), () => {
        signal?.removeEventListener('abort', onAbort);
        resolve(leftMs > POLL_MS);
      });
      signal?.addEventListener('abort', onAbort, { once: true });
      if (signal?.aborted) onAbort();
    });
  }

  function decoded<A extends Action>(action: A, text: string | null): SharedAnswer<A> | null {
    const answer = text === null ? null : decodeShared(action, text);
    return answer && { ...answer, asOf: clock.fromWall(answer.asOf) };
  }

  function isFresh<A extends Action>(action: A, answer: SharedAnswer<A>, context: CallContext): boolean {
    const freshMs = freshForMs(action, answer.value, options.freshMs());
    return isNewEnough(answer, context) && clock.now() < answer.asOf + freshMs;
  }

  /** An answer from the future comes from a wrong clock, and its age is unknown. */
  function isNewEnough({ asOf }: { asOf: number }, { notBefore = -Infinity }: CallContext): boolean {
    return asOf >= notBefore && asOf <= clock.now() + CLOCK_SKEW_MS;
  }

  function storedForMs<A extends Action>(action: A, { value }: SharedAnswer<A>): number {
    return freshForMs(action, value, options.freshMs()) + staleMs;
  }
}

function fromRedis<A extends Action>(
  action: A,
  { value, asOf }: SharedAnswer<A>,
  context: CallContext,
): UpstreamResult<Actions[A]['result']> {
  context.report({ type: 'shared', action });
  return { value, asOf, staleBecause: null };
}
