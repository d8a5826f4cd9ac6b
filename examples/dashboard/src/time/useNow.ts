import { useSyncExternalStore } from 'react';

interface Ticker {
  subscribe: (onTick: () => void) => () => void;
  now: () => number;
}

/** Hundreds of rows show relative times: one timer serves them all and runs only while it has listeners. */
const tickers = new Map<number, Ticker>();

/** The current epoch milliseconds, updated every `everyMs`. */
export function useNow(everyMs: number): number {
  const ticker = tickerOf(everyMs);
  return useSyncExternalStore(ticker.subscribe, ticker.now);
}

function tickerOf(everyMs: number): Ticker {
  const ticker = tickers.get(everyMs) ?? createTicker(everyMs);
  tickers.set(everyMs, ticker);
  return ticker;
}

function createTicker(everyMs: number): Ticker {
  const listeners = new Set<() => void>();
  let timer: ReturnType<typeof setInterval> | undefined;
  let now = Date.now();
  return {
    now: () => now,
    subscribe(onTick) {
      if (listeners.size === 0) {
        now = Date.now();
        timer = setInterval(tick, everyMs);
      }
      listeners.add(onTick);
      return () => {
        listeners.delete(onTick);
        if (listeners.size === 0) clearInterval(timer);
      };
    },
  };

  function tick(): void {
    now = Date.now();
    for (const notify of listeners) notify();
  }
}
