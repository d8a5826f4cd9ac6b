import { type Client, createClient } from 'graphql-ws';

/** How long the socket stays open when one list has been left and no other is watched yet. Milliseconds. */
const LINGER_MS = 3000;

/**
 * The socket to the gateway, which the app's own server stands before; null where a browser has none. Opens with the first
 * subscription, and does not come back by itself: whoever subscribes is told and decides.
 */
export function createSocket(): Client | null {
  if (typeof WebSocket === 'undefined') return null;
  const url = new URL('/graphql', window.location.href);
  url.protocol = url.protocol === 'https:' ? 'wss:' : 'ws:';
  return createClient({ url: url.href, retryAttempts: 0, lazyCloseTimeout: LINGER_MS });
}
