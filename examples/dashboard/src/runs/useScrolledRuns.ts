import { NetworkStatus } from '@apollo/client';
import { useApolloClient, useQuery } from '@apollo/client/react';
import { useMemo, useState } from 'react';
import { graphql } from '../generated/gql.ts';
import type { ScrolledRunsQuery, StaleReason } from '../generated/graphql.ts';
import { useFreshness } from '../live/useFreshness.ts';
import { type Failure, failureOf } from '../problems/failure.ts';
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
  /** Undefined until the first response. */
  connection: Connection | undefined;
  /** Ids of the runs that have appeared at the head since the list was opened. */
  arrivals: ReadonlySet<string>;
  isLoadingMore: boolean;
  loadMore: () => void;
  /** Why the first read failed. */
  firstFailure: Failure | null;
  /** Why the last refresh failed. */
  refreshFailure: Failure | null;
  /** Why loading more runs failed. */
  loadMoreFailure: Failure | null;
  retryFirst: () => void;
  refresh: () => void;
}

/** Runs loaded per request. */
const WINDOW_SIZE = 25;

/** The largest window that the gateway returns. */
const MAX_WINDOW_SIZE = 100;

/** A list that grows as it is scrolled and is kept up to date. The list must not change during the life of the component. */
export function useScrolledRuns(list: RunList): ScrolledRuns {
  const client = useApolloClient();
  const { data, error, networkStatus, fetchMore, refetch } = useQuery(SCROLLED_RUNS, {
    variables: { ...list, first: WINDOW_SIZE },
    notifyOnNetworkStatusChange: true,
  });
  const connection = data?.pipelineRuns ?? undefined;
  const [arrivals, setArrivals] = useState<ReadonlySet<string>>(new Set());
  const [loadMoreFailure, setLoadMoreFailure] = useState<Failure | null>(null);
  const firstFailure = useMemo(() => (error ? failureOf(error) : null), [error]);
  const { failure: refreshFailure, refresh } = useFreshness(list, connection !== undefined, readAgain);
  useAutoRetry(firstFailure, retryFirst);
  useAutoRetry(loadMoreFailure, loadMore);
  const isLoadingMore = networkStatus === NetworkStatus.fetchMore;

  return {
    connection,
    arrivals,
    isLoadingMore,
    loadMore,
    firstFailure,
    refreshFailure,
    loadMoreFailure,
    retryFirst,
    refresh,
  };

  function retryFirst(): void {
    // A failure is reported as the query's `error`.
    refetch().catch(() => undefined);
  }

  function loadMore(): void {
    if (isLoadingMore || !connection?.pageInfo.hasNextPage) return;
    setLoadMoreFailure(null);
    fetchMore({ variables: { after: connection.pageInfo.endCursor } }).catch((reason: unknown) =>
      setLoadMoreFailure(failureOf(reason)),
    );
  }

  async function readAgain(): Promise<StaleReason | null> {
    const loaded = connection?.edges ?? [];
    const size = Math.min(Math.max(loaded.length, WINDOW_SIZE), MAX_WINDOW_SIZE);
    const head = await readWindow(size, null);
    const arrived = arrivedIn(head?.edges ?? [], loaded);
    if (arrived.length > 0) setArrivals((earlier) => new Set([...earlier, ...arrived]));
    // Further down, only unfinished runs can change, and one more window covers nearly all of them.
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

/** Ids of the rows of a head that come before all loaded rows. */
function arrivedIn(head: readonly Edge[], loaded: readonly Edge[]): string[] {
  const known = new Set(loaded.map(({ node }) => node.id));
  const firstKnown = head.findIndex(({ node }) => known.has(node.id));
  return head.slice(0, firstKnown < 0 ? head.length : firstKnown).map(({ node }) => node.id);
}
