import { type Client, createClient } from 'graphql-ws';

/** How long the socket stays open without a subscription, so that switching lists does not reconnect. Milliseconds. */
const LINGER_MS = 3000;

/**
 * The WebSocket client for subscriptions, through the app's own server; null if the browser has no WebSocket. Connects with the first
 * subscription and does not reconnect by itself: the subscriber is notified and decides.
 */
export function createSocket(): Client | null {
  if (typeof WebSocket === 'undefined') return null;
  const url = new URL('/graphql', window.location.href);
  url.protocol = url.protocol === 'https:' ? 'wss:' : 'ws:';
  return createClient({ url: url.href, retryAttempts: 0, lazyCloseTimeout: LINGER_MS });
}
