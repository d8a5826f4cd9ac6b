import { randomUUID } from 'node:crypto';
import type { Redis } from 'ioredis';
import type { Clock } from '../core/clock.ts';
import type { RedisCommands } from './redisCommands.ts';

/** The text under a key, and whether this replica may make the call that replaces it. */
export interface Claim {
  /** Null if there is none, if it is too large or of another type, or if Redis is unavailable. */
  text: string | null;
  /** Whether another replica makes the call. */
  isTaken: boolean;
  /** The claim of this replica. Null if there is none: it is taken or invalid, or Redis is unavailable. */
  lease: Lease | null;
}

/** A claim that is renewed until it ends or the process dies. */
export interface Lease {
  /** Releases the claim after storing the text, if there is one. Resolves when that is done, published, or has failed. */
  end(made?: MadeText): Promise<void>;
}

export interface MadeText {
  text: string;
  lifeMs: number;
  /** Published once the text is stored. */
  announcement: string | null;
}

/** How long the claim of a dead process makes others wait. A live process renews its claims. Milliseconds. */
const CLAIM_MS = 3000;

/** A larger text is neither stored nor read. */
const MAX_VALUE_BYTES = 1_000_000;

/** The compare-and-delete, and the same for renewing, of https://redis.io/docs/latest/develop/clients/patterns/distributed-locks/ */
const RELEASE = `if redis.call('get', KEYS[1]) == ARGV[1] then return redis.call('del', KEYS[1]) else return 0 end`;
const RENEW = `if redis.call('get', KEYS[1]) == ARGV[1] then return redis.call('pexpire', KEYS[1], ARGV[2]) else return 0 end`;

/**
 * Returns a function that reads the text under a key and tries to claim the call for it.
 *
 * @param channel of the announcements
 */
export function createClaims(redis: Redis, commands: RedisCommands, clock: Clock, channel: string) {
  return async function claim(key: string): Promise<Claim> {
    const token = randomUUID();
    const lock = `${key}:claim`;
    // In this order, the holder of the claim sees what the holder before it has stored.
    const replies = await commands.run(() =>
      repliesOf(
        redis
          .pipeline()
          .set(lock, token, 'PX', CLAIM_MS, 'NX')
          .pttl(lock)
          .getrange(key, 0, MAX_VALUE_BYTES)
          .exec(),
      ),
    );
    if (replies === null) return { text: null, isTaken: false, lease: null };
    const [set, lifeMs, text] = replies as [string | null, number, unknown];
    return {
      // A text that was cut off is too large, and Redis returns an empty text for a missing one.
      text: typeof text === 'string' && text !== '' && fits(text) ? text : null,
      // A claim that never expires, or later than ours do, was not written by a replica.
      isTaken: set !== 'OK' && lifeMs >= 0 && lifeMs <= CLAIM_MS,
      lease: set === 'OK' ? createLease(key, lock, token) : null,
    };
  };

  function createLease(key: string, lock: string, token: string): Lease {
    let cancelRenewal = renewLater();
    return {
      async end(made) {
        cancelRenewal();
        await commands.run(async () => {
          const pipeline = redis.pipeline();
          const stored = made && made.lifeMs >= 1 && fits(made.text) ? made : null;
          if (stored) pipeline.set(key, stored.text, 'PX', Math.ceil(stored.lifeMs));
          const replies = repliesOf(pipeline.eval(RELEASE, 1, lock, token).exec());
          const message = stored?.announcement;
          // After the text, on the same connection. An ACL that refuses it says nothing about the health of Redis.
          const published = message && redis.publish(channel, message).catch(() => undefined);
          await Promise.all([replies, published]);
        });
      },
    };

    function renewLater(): () => void {
      return clock.after(CLAIM_MS / 3, () => {
        void commands.run(() => redis.eval(RENEW, 1, lock, token, CLAIM_MS));
        cancelRenewal = renewLater();
      });
    }
  }

  function fits(text: string): boolean {
    return Buffer.byteLength(text) <= MAX_VALUE_BYTES;
  }
}

/** The replies of a pipeline. The first error fails all, except for a value of another type: that is a miss, and Redis is healthy. */
async function repliesOf(pipeline: Promise<[Error | null, unknown][] | null>): Promise<unknown[]> {
  const replies = (await pipeline) ?? [];
  return replies.map(([error, reply]) => {
    if (error && !error.message.startsWith('WRONGTYPE')) throw error;
    return error ? null : reply;
  });
}
