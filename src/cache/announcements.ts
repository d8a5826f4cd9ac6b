import type { Redis } from 'ioredis';
import { LRUCache } from 'lru-cache';
import type { SteadyClock } from '../core/clock.ts';
import type { Action, Actions } from '../core/upstream.ts';
import { announcedKey } from './keys.ts';

/** When the other replicas have read answers, as each of them publishes it in Redis together with the answer. */
export interface Announcements {
  /** What to publish with an answer; null for an answer that replicas do not ask for by the same name. */
  announcement<A extends Action>(action: A, params: Actions[A]['params'], asOf: number): Announcement | null;
  /** The `asOf` of the newest answer that another replica has read under the cache's key; -Infinity for none. */
  newestElsewhere(key: string): number;
  /** Ends its connection. Safe to call twice. */
  close(): void;
}

export interface Announcement {
  channel: string;
  message: string;
}

export interface AnnouncementsOptions {
  /** Has its own options and life copied for a second connection, since one that subscribes can do nothing else. */
  redis: Redis;
  channel: string;
  /** Tells this replica from the others. */
  replica: string;
  clock: SteadyClock;
  /** Answers from further in the future than this come from a clock that is wrong, and are ignored. Milliseconds. */
  clockSkewMs: number;
}

/** More answers than this are not kept track of; the oldest go first. */
const MAX_KEYS = 20_000;

export function createAnnouncements(options: AnnouncementsOptions): Announcements {
  const { redis, channel, replica, clock, clockSkewMs } = options;
  const newest = new LRUCache<string, number>({ max: MAX_KEYS });
  const subscriber = redis.duplicate({ lazyConnect: false, autoResubscribe: false });
  // The owner of the first connection hears of the same trouble. Without a listener ioredis writes it to the console.
  subscriber.on('error', () => undefined);
  subscriber.on('ready', () => {
    // It fails while the connection is closing, and the next connection subscribes. Where the ACL of Redis refuses it, replicas do
    // without announcements.
    subscriber.subscribe(channel).catch(() => undefined);
  });
  subscriber.on('message', (_, message) => handleMessage(message));
  // A subscriber sends nothing, so it does not notice a peer that has gone without a word.
  const reconnect = () => {
    if (subscriber.status === 'ready') subscriber.disconnect(true);
  };
  redis.on('close', reconnect);

  return {
    announcement(action, params, asOf) {
      const key = announcedKey(action, params);
      return key === null ? null : { channel, message: JSON.stringify([replica, clock.toWall(asOf), key]) };
    },
    newestElsewhere: (key) => newest.get(key) ?? -Infinity,
    close() {
      redis.off('close', reconnect);
      subscriber.disconnect();
    },
  };

  function handleMessage(message: string): void {
    const [from, asOf, key] = fieldsOf(message);
    if (from === replica || typeof asOf !== 'number' || typeof key !== 'string') return;
    const readAt = clock.fromWall(asOf);
    if (readAt > clock.now() + clockSkewMs || readAt <= (newest.get(key) ?? -Infinity)) return;
    // The clock of another replica may run ahead. Nothing can be read here that is newer than now.
    newest.set(key, Math.min(readAt, clock.now()));
  }
}

/** Returns an empty array for anything that is not a JSON array. */
function fieldsOf(message: string): unknown[] {
  try {
    const fields: unknown = JSON.parse(message);
    return Array.isArray(fields) ? fields : [];
  } catch {
    return [];
  }
}
