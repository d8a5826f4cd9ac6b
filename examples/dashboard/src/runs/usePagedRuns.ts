import { useApolloClient, useQuery } from '@apollo/client/react';
import { useMemo } from 'react';
import { graphql } from '../generated/gql.ts';
import type { PagedRunsQuery, StaleReason } from '../generated/graphql.ts';
import { useFreshness } from '../live/useFreshness.ts';
import { type Failure, failureOf } from '../problems/failure.ts';
import { useAutoRetry } from '../problems/useAutoRetry.ts';
import type { RunList } from './runList.ts';

const PAGED_RUNS = graphql(`
  query PagedRuns($projectId: ID!, $filter: PipelineRunFilter, $page: PageInput!) {
    pipelineRuns(projectId: $projectId, filter: $filter, page: $page) {
      nodes {
        id
        ...RunRow_Run
      }
      totalCount
      staleBecause
      ...Summary_Connection
    }
  }
`);

export interface PagedRuns {
  /** Undefined until the first response. */
  connection: NonNullable<PagedRunsQuery['pipelineRuns']> | undefined;
  /** Why the first read failed. */
  firstFailure: Failure | null;
  /** Why the last refresh failed. */
  refreshFailure: Failure | null;
  retryFirst: () => void;
  refresh: () => void;
}

/** Runs per page. */
export const PAGE_SIZE = 25;

/** A numbered page of a list, kept up to date. The page must not change during the life of the component. */
export function usePagedRuns(list: RunList, pageNumber: number): PagedRuns {
  const client = useApolloClient();
  const variables = { ...list, page: { number: pageNumber, size: PAGE_SIZE } };
  const { data, error, refetch } = useQuery(PAGED_RUNS, { variables });
  const connection = data?.pipelineRuns ?? undefined;
  const firstFailure = useMemo(() => (error ? failureOf(error) : null), [error]);
  const { failure: refreshFailure, refresh } = useFreshness(list, connection !== undefined, readAgain);
  useAutoRetry(firstFailure, retryFirst);
  return { connection, firstFailure, refreshFailure, retryFirst, refresh };

  function retryFirst(): void {
    // A failure is reported as the query's `error`.
    refetch().catch(() => undefined);
  }

  async function readAgain(): Promise<StaleReason | null> {
    const { data: answer } = await client.query({
      query: PAGED_RUNS,
      variables,
      fetchPolicy: 'network-only',
    });
    return answer?.pipelineRuns?.staleBecause ?? null;
  }
}
