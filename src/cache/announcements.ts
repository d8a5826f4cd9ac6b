import { randomUUID } from 'node:crypto';
import type { Redis } from 'ioredis';
import { LRUCache } from 'lru-cache';
import type { SteadyClock } from '../core/clock.ts';
import type { Action, Actions } from '../core/upstream.ts';
import { keyOf } from './keys.ts';

/** The oldest announcements beyond this number are forgotten. */
const MAX_KEYS = 20_000;

/** When other replicas have read answers. Each replica publishes it in Redis together with the answer. */
export function createAnnouncements(options: {
  /** Duplicated for a second connection, since a connection that subscribes cannot send other commands. */
  redis: Redis;
  channel: string;
  clock: SteadyClock;
  /** Answers from further in the future come from a wrong clock and are ignored. Milliseconds. */
  clockSkewMs: number;
}) {
  const { redis, channel, clock, clockSkewMs } = options;
  const replica = randomUUID();
  const newest = new LRUCache<string, number>({ max: MAX_KEYS });
  const subscriber = redis.duplicate({ lazyConnect: false, autoResubscribe: false });
  // The owner of the first connection handles the same errors. Without a listener ioredis writes them to the console.
  subscriber.on('error', () => undefined);
  subscriber.on('ready', () => {
    // Fails while the connection closes; the next connection subscribes. If an ACL refuses it, there are no announcements.
    subscriber.subscribe(channel).catch(() => undefined);
  });
  subscriber.on('message', (_, message) => {
    try {
      handle(JSON.parse(message));
    } catch {
      // Not a message of a replica.
    }
  });
  // A subscriber sends nothing, so it does not notice a dead peer.
  const reconnect = () => {
    if (subscriber.status === 'ready') subscriber.disconnect(true);
  };
  redis.on('close', reconnect);

  return {
    /** What to publish with an answer; null for an answer that no other replica requests under the same key. */
    announcement<A extends Action>(action: A, params: Actions[A]['params'], asOf: number): string | null {
      // Each replica requests its own set of projects.
      if (action === 'ListProjects') return null;
      return JSON.stringify([replica, clock.toWall(asOf), keyOf[action](params)]);
    },
    /** When the newest answer under a key of the cache was read by another replica; -Infinity if none was. */
    newestElsewhere: (key: string) => newest.get(key) ?? -Infinity,
    /** Ends its connection. Safe to call twice. */
    close: () => {
      redis.off('close', reconnect);
      subscriber.disconnect();
    },
  };

  function handle(message: unknown): void {
    if (!Array.isArray(message)) return;
    const [from, asOf, key] = message as unknown[];
    if (from === replica || typeof asOf !== 'number' || typeof key !== 'string') return;
    const readAt = clock.fromWall(asOf);
    if (readAt > clock.now() + clockSkewMs || readAt <= (newest.get(key) ?? -Infinity)) return;
    // The clock of another replica may run ahead. Nothing can be read here that is newer than now.
    newest.set(key, Math.min(readAt, clock.now()));
  }
}
