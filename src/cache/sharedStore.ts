import { randomUUID } from 'node:crypto';
import type { Redis } from 'ioredis';
import type { Clock } from '../core/clock.ts';
import type { Announcement } from './announcements.ts';

/**
 * Texts and locks in Redis, with a timeout for every command. Nothing here rejects: a Redis that is unavailable, slow or refuses
 * commands only makes the gateway slower. After a failure, commands pause for a moment, and then one of them tries again.
 */
export interface SharedStore {
  /** The text. Null if there is none, if it is too large or of another type, or if Redis is unavailable. */
  read(key: string): Promise<string | null>;
  /** Tries to claim the call for a key. */
  claim(key: string): Promise<Claim>;
  health(): Health;
}

export type Health = 'ok' | 'down';

export type Claim =
  /** No other replica makes the call. Another may have stored the text a moment ago. */
  | { outcome: 'ours'; text: string | null; lease: Lease }
  /** Another replica makes the call. */
  | { outcome: 'taken'; text: string | null }
  /** Redis is unavailable, or the claim is invalid. */
  | { outcome: 'unknown' };

/** A claim that is renewed until it ends or the process dies. */
export interface Lease {
  /**
   * Releases the claim, after storing the text, if there is one, for `lifeMs` milliseconds. Resolves when it is stored and announced,
   * or when that has failed.
   */
  end(made?: MadeText): Promise<void>;
}

export interface MadeText {
  text: string;
  lifeMs: number;
  /** Published once the text is stored. */
  announcement: Announcement | null;
}

export interface StoreOptions {
  redis: Redis;
  clock: Clock;
  commandTimeoutMs: number;
  maxValueBytes: number;
  /** The health of Redis changed. */
  onHealth: (health: Health) => void;
}

/** How long the claim of a dead process makes others wait. A live process renews its claims. Milliseconds. */
const CLAIM_MS = 3000;

const FIRST_BACKOFF_MS = 100;
const LONGEST_BACKOFF_MS = 2000;

/** The compare-and-delete, and the same for renewing, of https://redis.io/docs/latest/develop/clients/patterns/distributed-locks/ */
const RELEASE = `if redis.call('get', KEYS[1]) == ARGV[1] then return redis.call('del', KEYS[1]) else return 0 end`;
const RENEW = `if redis.call('get', KEYS[1]) == ARGV[1] then return redis.call('pexpire', KEYS[1], ARGV[2]) else return 0 end`;

export function createSharedStore(options: StoreOptions): SharedStore {
  const { redis, clock, maxValueBytes } = options;
  const attempt = createAttempts(options);

  return {
    health: attempt.health,
    async read(key) {
      const text = await attempt(() => redis.getrange(key, 0, maxValueBytes).catch(otherType));
      return usable(text);
    },
    async claim(key) {
      const lock = lockOf(key);
      const token = randomUUID();
      // In this order, the holder of the claim sees what the holder before it has stored.
      const replies = await attempt(() =>
        all(
          redis
            .pipeline()
            .set(lock, token, 'PX', CLAIM_MS, 'NX')
            .pttl(lock)
            .getrange(key, 0, maxValueBytes)
            .exec(),
        ),
      );
      if (replies === null) return { outcome: 'unknown' };
      const [set, lifeMs, text] = replies as [string | null, number, unknown];
      if (set === 'OK') return { outcome: 'ours', text: usable(text), lease: createLease(key, token) };
      // A claim that never expires, or later than ours do, was not written by a replica.
      return lifeMs < 0 || lifeMs > CLAIM_MS
        ? { outcome: 'unknown' }
        : { outcome: 'taken', text: usable(text) };
    },
  };

  function createLease(key: string, token: string): Lease {
    const lock = lockOf(key);
    let cancelRenewal = renewLater();
    return {
      async end(made) {
        cancelRenewal();
        const fits = made && made.lifeMs >= 1 && Buffer.byteLength(made.text) <= maxValueBytes;
        await attempt(() => {
          const commands = redis.pipeline();
          if (fits) commands.set(key, made.text, 'PX', Math.ceil(made.lifeMs));
          const replies = all(commands.eval(RELEASE, 1, lock, token).exec());
          return Promise.all([replies, fits && made.announcement && publish(made.announcement)]);
        });
      },
    };

    function renewLater(): () => void {
      return clock.after(CLAIM_MS / 3, () => {
        void attempt(() => redis.eval(RENEW, 1, lock, token, CLAIM_MS));
        cancelRenewal = renewLater();
      });
    }
  }

  /** After the text, on the same connection. An ACL that refuses it says nothing about the health of Redis. */
  async function publish({ channel, message }: Announcement): Promise<void> {
    await redis.publish(channel, message).catch(() => undefined);
  }

  /** A text that was cut off is too large, and Redis returns an empty text for a missing one. */
  function usable(text: unknown): string | null {
    if (typeof text !== 'string' || text === '') return null;
    return Buffer.byteLength(text) > maxValueBytes ? null : text;
  }
}

function lockOf(key: string): string {
  return `${key}:claim`;
}

interface Attempts {
  /** Runs a command unless Redis has just failed. Null if it was not run, failed or timed out. */
  <Reply>(command: () => Promise<Reply>): Promise<Reply | null>;
  health: () => Health;
}

function createAttempts({ redis, clock, commandTimeoutMs, onHealth }: StoreOptions): Attempts {
  let failures = 0;
  let failedAt = -Infinity;
  let nextTryAt = -Infinity;
  let reported: Health = 'ok';
  redis.on('ready', succeeded);
  redis.on('close', reportHealth);

  return Object.assign(attempt, { health });

  async function attempt<Reply>(command: () => Promise<Reply>): Promise<Reply | null> {
    const startedAt = clock.monotonic();
    // Without a connection, the command would be queued and sent later.
    if (redis.status !== 'ready' || startedAt < nextTryAt) return null;
    // One command finds out whether Redis is back; the others continue without it.
    if (failures > 0) nextTryAt = startedAt + commandTimeoutMs;
    try {
      const reply = await inTime(command());
      succeeded();
      return reply;
    } catch {
      failed(startedAt);
      return null;
    }
  }

  function succeeded(): void {
    failures = 0;
    nextTryAt = -Infinity;
    reportHealth();
  }

  function failed(startedAt: number): void {
    // Commands that were in flight together count as one failure.
    if (startedAt <= failedAt) return;
    failedAt = clock.monotonic();
    nextTryAt = failedAt + Math.min(LONGEST_BACKOFF_MS, FIRST_BACKOFF_MS * 2 ** failures);
    failures += 1;
    reportHealth();
  }

  function health(): Health {
    return failures === 0 && redis.status === 'ready' ? 'ok' : 'down';
  }

  function reportHealth(): void {
    if (health() === reported) return;
    reported = health();
    onHealth(reported);
  }

  function inTime<Reply>(work: Promise<Reply>): Promise<Reply> {
    return new Promise((resolve, reject) => {
      const cancel = clock.after(commandTimeoutMs, () => {
        reject(new Error(`Redis did not answer within ${commandTimeoutMs} ms.`));
      });
      work.then(resolve, reject).finally(cancel);
    });
  }
}

/** The replies of a pipeline. The first error fails all, except that of a key with a value of another type. */
async function all(pipeline: Promise<[Error | null, unknown][] | null>): Promise<unknown[]> {
  const replies = (await pipeline) ?? [];
  return replies.map(([error, reply]) => (error ? otherType(error) : reply));
}

/** A value of another type under our key is a miss; Redis itself is healthy. */
function otherType(error: Error): null {
  if (error.message.startsWith('WRONGTYPE')) return null;
  throw error;
}
