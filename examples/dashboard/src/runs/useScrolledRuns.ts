import { NetworkStatus } from '@apollo/client';
import { useApolloClient, useQuery } from '@apollo/client/react';
import { useMemo, useState } from 'react';
import { graphql } from '../generated/gql.ts';
import type { ScrolledRunsQuery, StaleReason } from '../generated/graphql.ts';
import { useFreshness } from '../live/useFreshness.ts';
import { type Trouble, troubleOf } from '../problems/trouble.ts';
import { useAutoRetry } from '../problems/useAutoRetry.ts';
import { isUnfinished } from '../status/status.ts';
import type { RunList } from './runList.ts';

const SCROLLED_RUNS = graphql(`
  query ScrolledRuns($projectId: ID!, $filter: PipelineRunFilter, $first: Int!, $after: String) {
    pipelineRuns(projectId: $projectId, filter: $filter, first: $first, after: $after) {
      edges {
        cursor
        node {
          id
          status
          ...RunRow_Run
        }
      }
      pageInfo {
        hasNextPage
        hasPreviousPage
        startCursor
        endCursor
      }
      staleBecause
      ...Summary_Connection
    }
  }
`);

type Connection = NonNullable<ScrolledRunsQuery['pipelineRuns']>;
type Edge = Connection['edges'][number];

export interface ScrolledRuns {
  /** Undefined until there is a first answer. */
  connection: Connection | undefined;
  /** Ids of the runs that have appeared at the head since the list was opened. */
  arrivals: ReadonlySet<string>;
  isLoadingMore: boolean;
  loadMore: () => void;
  /** Why there is nothing to show. */
  firstTrouble: Trouble | null;
  /** Why what is shown could not be brought up to date. */
  refreshTrouble: Trouble | null;
  /** Why what is shown could not be continued. */
  moreTrouble: Trouble | null;
  retryFirst: () => void;
  refresh: () => void;
}

/** How many runs are loaded at once. */
const WINDOW_SIZE = 25;

/** The most runs that the gateway gives in one answer. */
const MAX_WINDOW_SIZE = 100;

/** A list that grows as it is scrolled and is kept up to date meanwhile. For one list in the life of the component. */
export function useScrolledRuns(list: RunList): ScrolledRuns {
  const client = useApolloClient();
  const { data, error, networkStatus, fetchMore, refetch } = useQuery(SCROLLED_RUNS, {
    variables: { ...list, first: WINDOW_SIZE },
    notifyOnNetworkStatusChange: true,
  });
  const connection = data?.pipelineRuns ?? undefined;
  const [arrivals, setArrivals] = useState<ReadonlySet<string>>(new Set());
  const [moreTrouble, setMoreTrouble] = useState<Trouble | null>(null);
  const firstTrouble = useMemo(() => (error ? troubleOf(error) : null), [error]);
  const { trouble: refreshTrouble, refresh } = useFreshness(list, connection !== undefined, readAgain);
  useAutoRetry(firstTrouble, retryFirst);
  useAutoRetry(moreTrouble, loadMore);
  const isLoadingMore = networkStatus === NetworkStatus.fetchMore;

  return {
    connection,
    arrivals,
    isLoadingMore,
    loadMore,
    firstTrouble,
    refreshTrouble,
    moreTrouble,
    retryFirst,
    refresh,
  };

  function retryFirst(): void {
    // What goes wrong is the query's `error`, as at the first try.
    refetch().catch(() => undefined);
  }

  function loadMore(): void {
    if (isLoadingMore || !connection?.pageInfo.hasNextPage) return;
    setMoreTrouble(null);
    fetchMore({ variables: { after: connection.pageInfo.endCursor } }).catch((reason: unknown) =>
      setMoreTrouble(troubleOf(reason)),
    );
  }

  async function readAgain(): Promise<StaleReason | null> {
    const loaded = connection?.edges ?? [];
    const size = Math.min(Math.max(loaded.length, WINDOW_SIZE), MAX_WINDOW_SIZE);
    const head = await readWindow(size, null);
    const arrived = arrivedIn(head?.edges ?? [], loaded);
    if (arrived.length > 0) setArrivals((earlier) => new Set([...earlier, ...arrived]));
    // Further down, only what is unfinished can change: one window more takes in nearly all of it.
    const lagging = loaded.findIndex(
      ({ node }, index) => index >= MAX_WINDOW_SIZE && isUnfinished(node.status),
    );
    if (lagging > 0) await readWindow(MAX_WINDOW_SIZE, loaded[lagging - 1]?.cursor ?? null);
    return head?.staleBecause ?? null;
  }

  async function readWindow(first: number, after: string | null): Promise<Connection | null> {
    const { data: answer } = await client.query({
      query: SCROLLED_RUNS,
      variables: { ...list, first, after },
      fetchPolicy: 'network-only',
    });
    return answer?.pipelineRuns ?? null;
  }
}

/** Ids of the rows of a head that stand before all that was loaded. */
function arrivedIn(head: readonly Edge[], loaded: readonly Edge[]): string[] {
  const known = new Set(loaded.map(({ node }) => node.id));
  const firstKnown = head.findIndex(({ node }) => known.has(node.id));
  return head.slice(0, firstKnown < 0 ? head.length : firstKnown).map(({ node }) => node.id);
}
