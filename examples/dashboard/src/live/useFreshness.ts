import { useCallback, useEffect, useEffectEvent, useRef, useState } from 'react';
import type { StaleReason } from '../generated/graphql.ts';
import { type Trouble, troubleOf } from '../problems/trouble.ts';
import type { RunList } from '../runs/runList.ts';
import { polling } from './polling.ts';
import { createSocket } from './socket.ts';
import { subscribing } from './subscribing.ts';
import type { NextTime, Watch, Watching } from './watch.ts';

export interface Freshness {
  /** Why the list could not be read again; null while all is well. */
  trouble: Trouble | null;
  /** Reads again now. */
  refresh: () => void;
}

/** Between polls where there is no socket. */
const INTERVAL_MS = 5000;

/** Between polls where there is one: for the time of which the list is known to be true. */
const LIVE_INTERVAL_MS = 30_000;

/** The gateway answers with what it has while it fetches something newer, which is there in a moment. */
const REFRESHED_IN_MS = 1000;

const socket = createSocket();

const instead = polling(INTERVAL_MS);

const watch: Watch = socket ? subscribing({ socket, besides: polling(LIVE_INTERVAL_MS), instead }) : instead;

/**
 * Keeps a list up to date for as long as the component lives.
 *
 * @param isOn whether there is something to keep
 * @param read reads the list again into the cache and tells why the answer was stale, if so; rejects when it could not be read
 */
export function useFreshness(
  list: RunList,
  isOn: boolean,
  read: () => Promise<StaleReason | null>,
): Freshness {
  const [trouble, setTrouble] = useState<Trouble | null>(null);
  const watching = useRef<Watching>(null);

  const onDue = useEffectEvent(async (): Promise<NextTime> => {
    try {
      const staleBecause = await read();
      setTrouble(null);
      return staleBecause === 'REFRESHING' ? REFRESHED_IN_MS : null;
    } catch (error) {
      const met = troubleOf(error);
      setTrouble(met);
      return met.retryAtMs === null ? Infinity : met.retryAtMs - Date.now();
    }
  });

  useEffect(() => {
    if (!isOn) return;
    watching.current = watch(list, () => onDue());
    return () => watching.current?.stop();
  }, [list, isOn]);

  const refresh = useCallback(() => watching.current?.readNow(), []);
  return { trouble, refresh };
}
