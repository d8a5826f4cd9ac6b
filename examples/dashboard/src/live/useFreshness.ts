import { useCallback, useEffect, useEffectEvent, useRef, useState } from 'react';
import type { StaleReason } from '../generated/graphql.ts';
import { type Failure, failureOf } from '../problems/failure.ts';
import type { RunList } from '../runs/runList.ts';
import { pollingUpdates } from './pollingUpdates.ts';
import { createSocket } from './socket.ts';
import { subscribedUpdates } from './subscribedUpdates.ts';
import type { NextRefreshMs, UpdateSource, UpdateHandle } from './updateSource.ts';

export interface Freshness {
  /** Why the last read failed; null if it succeeded. */
  failure: Failure | null;
  /** Reads the list immediately. */
  refresh: () => void;
}

/** Polling interval without a subscription. */
const INTERVAL_MS = 5000;

/** Polling interval with a subscription: keeps the displayed `asOf` current. */
const LIVE_INTERVAL_MS = 30_000;

/** The gateway answers with cached data while it refreshes it; the new data is available after about this long. */
const REFRESHED_IN_MS = 1000;

const socket = createSocket();

const whileDisconnected = pollingUpdates(INTERVAL_MS);

const source: UpdateSource = socket
  ? subscribedUpdates({ socket, whileConnected: pollingUpdates(LIVE_INTERVAL_MS), whileDisconnected })
  : whileDisconnected;

/**
 * Keeps a list up to date for as long as the component lives.
 *
 * @param isOn whether the list has been loaded
 * @param read reads the list into the cache and resolves with the reason if the data is stale; rejects if the read failed
 */
export function useFreshness(
  list: RunList,
  isOn: boolean,
  read: () => Promise<StaleReason | null>,
): Freshness {
  const [failure, setFailure] = useState<Failure | null>(null);
  const handle = useRef<UpdateHandle>(null);

  const onDue = useEffectEvent(async (): Promise<NextRefreshMs> => {
    try {
      const staleBecause = await read();
      setFailure(null);
      return staleBecause === 'REFRESHING' ? REFRESHED_IN_MS : null;
    } catch (error) {
      const newFailure = failureOf(error);
      setFailure(newFailure);
      return newFailure.retryAtMs === null ? Infinity : newFailure.retryAtMs - Date.now();
    }
  });

  useEffect(() => {
    if (!isOn) return;
    handle.current = source(list, () => onDue());
    return () => handle.current?.stop();
  }, [list, isOn]);

  const refresh = useCallback(() => handle.current?.refreshNow(), []);
  return { failure, refresh };
}
