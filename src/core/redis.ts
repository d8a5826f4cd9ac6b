import { Redis } from 'ioredis';

export interface RedisConnectionOptions {
  /** Told in words why the connection failed. Must not throw. Default: nobody is. */
  onError?: (message: string) => void;
}

/** The longest wait between two tries to connect, in milliseconds. The shared budget's caution must be longer. */
const LONGEST_RECONNECT_DELAY_MS = 2000;

/**
 * A connection that is made in the background and made again for ever, and whose commands fail at once while it is not there.
 * Whoever uses it is to have an answer of its own then. To be ended with `disconnect()`.
 *
 * @param url such as `redis://user:password@host:6379/0`, or `rediss:` for TLS. Throws a `TypeError` for what is no URL.
 */
export function connectRedis(url: string, { onError }: RedisConnectionOptions = {}): Redis {
  if (!URL.canParse(url)) throw new TypeError('The URL of Redis must be one such as redis://127.0.0.1:6379.');
  const redis = new Redis(url, {
    // Kept commands would be sent when nobody waits for them any more.
    enableOfflineQueue: false,
    autoResendUnfulfilledCommands: false,
    maxRetriesPerRequest: 0,
    connectTimeout: 2000,
    // A peer that is gone without a word leaves the connection open for a quarter of an hour.
    socketTimeout: 5000,
    retryStrategy: (times) => Math.min(50 * 2 ** Math.min(times, 10), LONGEST_RECONNECT_DELAY_MS),
  });
  // The error itself may hold the command that failed, and so the password. Without a listener it would end the process.
  redis.on('error', ({ message }: Error) => onError?.(message));
  return redis;
}
