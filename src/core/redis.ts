import { Redis } from 'ioredis';

/** The longest delay between two attempts to connect, in milliseconds. The shared quota's caution must be longer. */
const LONGEST_RECONNECT_DELAY_MS = 2000;

/**
 * Connects in the background and reconnects for ever. Commands fail immediately without a connection, so callers need a fallback.
 * Close it with `disconnect()`.
 *
 * @param url such as `redis://user:password@host:6379/0`, or `rediss:` for TLS
 * @param onError receives the reason of each connection failure. Must not throw.
 * @throws TypeError for an invalid URL
 */
export function connectRedis(url: string, onError?: (message: string) => void): Redis {
  if (!URL.canParse(url))
    throw new TypeError('The URL of Redis must be a URL such as redis://127.0.0.1:6379.');
  const redis = new Redis(url, {
    // Queued commands would be sent after their callers stopped waiting.
    enableOfflineQueue: false,
    autoResendUnfulfilledCommands: false,
    maxRetriesPerRequest: 0,
    connectTimeout: 2000,
    // Without it, a silently lost peer keeps the connection open for a quarter of an hour.
    socketTimeout: 5000,
    retryStrategy: (times) => Math.min(50 * 2 ** Math.min(times, 10), LONGEST_RECONNECT_DELAY_MS),
  });
  // Only the message: the error can contain the failed command with the password. Without a listener the process would exit.
  redis.on('error', ({ message }: Error) => onError?.(message));
  return redis;
}
