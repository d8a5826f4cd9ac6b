import { print } from 'graphql';
import type { Client } from 'graphql-ws';
import { graphql } from '../generated/gql.ts';
import type { RunList } from '../runs/runList.ts';
import type { Watch, Watching } from './watch.ts';

const LIST_NEWS = graphql(`
  subscription ListNews($projectId: ID!, $filter: PipelineRunFilter) {
    pipelineRunsUpdated(projectId: $projectId, filter: $filter) {
      asOf
    }
  }
`);

/** How long a socket that could not be had is left alone, in milliseconds. */
const RETRY_MS = 30_000;

export interface SubscribingOptions {
  socket: Client;
  /** Watches besides while events come: they tell of news, and not that there is none. */
  besides: Watch;
  /** Watches while none can come. */
  instead: Watch;
}

/**
 * Has the list read at every event of the gateway's: what it tells is in the gateway's cache, so the reading costs DataWorks
 * nothing. Nobody listens while the tab is hidden; the first event after that is the present state.
 */
export function subscribing({ socket, besides, instead }: SubscribingOptions): Watch {
  return (list, onDue) => {
    let current: { watch: Watch; watching: Watching } = { watch: instead, watching: instead(list, onDue) };
    let unsubscribe: (() => void) | null = null;
    let timer: ReturnType<typeof setTimeout> | undefined;

    document.addEventListener('visibilitychange', listen);
    listen();
    return {
      readNow: () => current.watching.readNow(),
      stop() {
        document.removeEventListener('visibilitychange', listen);
        deafen();
        current.watching.stop();
      },
    };

    function listen(): void {
      if (document.hidden) deafen();
      else unsubscribe ??= subscribe(socket, list, { onEvent, onLost });
    }

    function deafen(): void {
      clearTimeout(timer);
      unsubscribe?.();
      unsubscribe = null;
    }

    function onEvent(): void {
      change(besides);
      current.watching.readNow();
    }

    function onLost(isRefused: boolean): void {
      change(instead);
      // What was refused would be refused again.
      if (isRefused) return;
      timer = setTimeout(() => {
        unsubscribe = null;
        listen();
      }, RETRY_MS);
    }

    function change(watch: Watch): void {
      if (current.watch === watch) return;
      current.watching.stop();
      current = { watch, watching: watch(list, onDue) };
    }
  };
}

interface Listener {
  onEvent: () => void;
  /** Called once, when nothing more will come: whether the gateway has refused, or the socket is gone. */
  onLost: (isRefused: boolean) => void;
}

function subscribe(socket: Client, list: RunList, { onEvent, onLost }: Listener): () => void {
  let isWanted = true;
  const lost = (isRefused: boolean) => {
    if (isWanted) onLost(isRefused);
  };
  const variables = { ...list };
  const end = socket.subscribe(
    { query: print(LIST_NEWS), variables },
    {
      next({ data }) {
        if (data) onEvent();
      },
      // Errors come as a list where the gateway has refused, and as the event of the close otherwise.
      error: (error) => lost(Array.isArray(error)),
      complete: () => lost(false),
    },
  );
  return () => {
    isWanted = false;
    end();
  };
}
