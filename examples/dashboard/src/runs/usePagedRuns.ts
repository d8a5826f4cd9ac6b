import { useApolloClient, useQuery } from '@apollo/client/react';
import { useMemo } from 'react';
import { graphql } from '../generated/gql.ts';
import type { PagedRunsQuery, StaleReason } from '../generated/graphql.ts';
import { useFreshness } from '../live/useFreshness.ts';
import { type Trouble, troubleOf } from '../problems/trouble.ts';
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
  /** Undefined until there is a first answer. */
  connection: NonNullable<PagedRunsQuery['pipelineRuns']> | undefined;
  /** Why there is nothing to show. */
  firstTrouble: Trouble | null;
  /** Why what is shown could not be brought up to date. */
  refreshTrouble: Trouble | null;
  retryFirst: () => void;
  refresh: () => void;
}

/** Runs a page. */
export const PAGE_SIZE = 25;

/** A numbered page of a list, kept up to date. For one page in the life of the component. */
export function usePagedRuns(list: RunList, pageNumber: number): PagedRuns {
  const client = useApolloClient();
  const variables = { ...list, page: { number: pageNumber, size: PAGE_SIZE } };
  const { data, error, refetch } = useQuery(PAGED_RUNS, { variables });
  const connection = data?.pipelineRuns ?? undefined;
  const firstTrouble = useMemo(() => (error ? troubleOf(error) : null), [error]);
  const { trouble: refreshTrouble, refresh } = useFreshness(list, connection !== undefined, readAgain);
  useAutoRetry(firstTrouble, retryFirst);
  return { connection, firstTrouble, refreshTrouble, retryFirst, refresh };

  function retryFirst(): void {
    // What goes wrong is the query's `error`, as at the first try.
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
