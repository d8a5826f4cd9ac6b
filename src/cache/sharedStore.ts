import { randomUUID } from 'node:crypto';
import type { Redis } from 'ioredis';
import type { Clock } from '../core/clock.ts';
import type { Announcement } from './announcements.ts';

/**
 * Texts and locks in Redis, with an end to every wait. None of these rejects: a Redis that is away, slow or says no makes the
 * gateway slower and nothing else. After a failure it is left alone for a moment, and one command tries it again then.
 */
export interface SharedStore {
  /** The text, or null where there is none, it is too large or of another type, or Redis is away. */
  read(key: string): Promise<string | null>;
  /** Tries to become the one who makes the answer to a key. */
  claim(key: string): Promise<Claim>;
  health(): Health;
}

export type Health = 'ok' | 'down';

export type Claim =
  /** Nobody else makes it. The text is what is there all the same: another may have made it a moment ago. */
  | { outcome: 'ours'; text: string | null; lease: Lease }
  /** Somebody else is at it. */
  | { outcome: 'taken'; text: string | null }
  /** Redis can't tell. */
  | { outcome: 'unknown' };

/** A claim that lasts for as long as the process does, or until it is ended. */
export interface Lease {
  /**
   * Lets others have a go, after leaving them the text if there is one: for `lifeMs` milliseconds. Resolves when it is there and
   * announced, or cannot be.
   */
  end(made?: MadeText): Promise<void>;
}

export interface MadeText {
  text: string;
  lifeMs: number;
  /** Published once the text is there. */
  announcement: Announcement | null;
}

export interface StoreOptions {
  redis: Redis;
  clock: Clock;
  commandTimeoutMs: number;
  maxValueBytes: number;
  /** Redis came or went. */
  onHealth: (health: Health) => void;
}

/** How long the claim of a process that has died keeps others waiting. A living one renews it. Milliseconds. */
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
      // In this order: who has the claim sees what the one before has left.
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
      // A claim without an end, or with a later one than we give, is not one of ours.
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

  /** Behind what it announces, on the same connection. An ACL that refuses it says nothing of the health of Redis. */
  async function publish({ channel, message }: Announcement): Promise<void> {
    await redis.publish(channel, message).catch(() => undefined);
  }

  /** What is cut off is too large, and an empty text is what Redis gives for a missing one. */
  function usable(text: unknown): string | null {
    if (typeof text !== 'string' || text === '') return null;
    return Buffer.byteLength(text) > maxValueBytes ? null : text;
  }
}

function lockOf(key: string): string {
  return `${key}:claim`;
}

interface Attempts {
  /** Runs a command if Redis is worth a try. Null where it isn't, or the command failed or took too long. */
  <Reply>(command: () => Promise<Reply>): Promise<Reply | null>;
  health: () => Health;
}

function createAttempts({ redis, clock, commandTimeoutMs, onHealth }: StoreOptions): Attempts {
  let failures = 0;
  let failedAt = -Infinity;
  let nextTryAt = -Infinity;
  let told: Health = 'ok';
  redis.on('ready', succeeded);
  redis.on('close', tell);

  return Object.assign(attempt, { health });

  async function attempt<Reply>(command: () => Promise<Reply>): Promise<Reply | null> {
    const startedAt = clock.monotonic();
    // A command given to a connection that isn't there would be kept and sent later.
    if (redis.status !== 'ready' || startedAt < nextTryAt) return null;
    // One command finds out whether Redis is back; the others go on without it.
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
    tell();
  }

  function failed(startedAt: number): void {
    // What was under way together has failed once.
    if (startedAt <= failedAt) return;
    failedAt = clock.monotonic();
    nextTryAt = failedAt + Math.min(LONGEST_BACKOFF_MS, FIRST_BACKOFF_MS * 2 ** failures);
    failures += 1;
    tell();
  }

  function health(): Health {
    return failures === 0 && redis.status === 'ready' ? 'ok' : 'down';
  }

  function tell(): void {
    if (health() === told) return;
    told = health();
    onHealth(told);
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

/** The replies of a pipeline; the first that is an error fails all, but for a key that holds something else than a text. */
async function all(pipeline: Promise<[Error | null, unknown][] | null>): Promise<unknown[]> {
  const replies = (await pipeline) ?? [];
  return replies.map(([error, reply]) => (error ? otherType(error) : reply));
}

/** Somebody else's key under our name is a miss; Redis itself is well. */
function otherType(error: Error): null {
  if (error.message.startsWith('WRONGTYPE')) return null;
  throw error;
}
