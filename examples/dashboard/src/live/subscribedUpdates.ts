import { print } from 'graphql';
import type { Client } from 'graphql-ws';
import { graphql } from '../generated/gql.ts';
import type { RunList } from '../runs/runList.ts';
import type { UpdateSource, UpdateHandle } from './updateSource.ts';

const LIST_UPDATES = graphql(`
  subscription ListUpdates($projectId: ID!, $filter: PipelineRunFilter) {
    pipelineRunsUpdated(projectId: $projectId, filter: $filter) {
      asOf
    }
  }
`);

/** Delay before the next attempt to connect, in milliseconds. */
const RETRY_MS = 30_000;

export interface SubscribedUpdatesOptions {
  socket: Client;
  /** Used while the subscription is active. An event reports a change; only reading confirms that nothing has changed. */
  whileConnected: UpdateSource;
  /** Used while there is no subscription. */
  whileDisconnected: UpdateSource;
}

/**
 * Reads the list after each event of the gateway's subscription. The gateway has cached what the event reports, so the read causes
 * no upstream call. Unsubscribes while the tab is hidden; the first event after subscribing again is the current state.
 */
export function subscribedUpdates({
  socket,
  whileConnected,
  whileDisconnected,
}: SubscribedUpdatesOptions): UpdateSource {
  return (list, onDue) => {
    let current: { source: UpdateSource; handle: UpdateHandle } = {
      source: whileDisconnected,
      handle: whileDisconnected(list, onDue),
    };
    let unsubscribe: (() => void) | null = null;
    let timer: ReturnType<typeof setTimeout> | undefined;

    document.addEventListener('visibilitychange', listen);
    listen();
    return {
      refreshNow: () => current.handle.refreshNow(),
      stop() {
        document.removeEventListener('visibilitychange', listen);
        unsubscribeNow();
        current.handle.stop();
      },
    };

    function listen(): void {
      if (document.hidden) unsubscribeNow();
      else unsubscribe ??= subscribe(socket, list, { onEvent, onLost });
    }

    function unsubscribeNow(): void {
      clearTimeout(timer);
      unsubscribe?.();
      unsubscribe = null;
    }

    function onEvent(): void {
      switchTo(whileConnected);
      current.handle.refreshNow();
    }

    function onLost(isRejected: boolean): void {
      switchTo(whileDisconnected);
      // The gateway would reject it again.
      if (isRejected) return;
      timer = setTimeout(() => {
        unsubscribe = null;
        listen();
      }, RETRY_MS);
    }

    function switchTo(source: UpdateSource): void {
      if (current.source === source) return;
      current.handle.stop();
      current = { source, handle: source(list, onDue) };
    }
  };
}

interface Listener {
  onEvent: () => void;
  /** Called once, when no more events can come. `isRejected`: the gateway rejected the subscription; else the connection was lost. */
  onLost: (isRejected: boolean) => void;
}

function subscribe(socket: Client, list: RunList, { onEvent, onLost }: Listener): () => void {
  let isWanted = true;
  const lost = (isRejected: boolean) => {
    if (isWanted) onLost(isRejected);
  };
  const variables = { ...list };
  const end = socket.subscribe(
    { query: print(LIST_UPDATES), variables },
    {
      next({ data }) {
        if (data) onEvent();
      },
      // graphql-ws reports a rejected subscription as a list of errors and a lost connection as a close event.
      error: (error) => lost(Array.isArray(error)),
      complete: () => lost(false),
    },
  );
  return () => {
    isWanted = false;
    end();
  };
}
