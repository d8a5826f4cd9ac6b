import {
  ApolloClient,
  type DocumentNode,
  HttpLink,
  InMemoryCache,
  type InMemoryCacheConfig,
  type ObservableQuery,
} from '@apollo/client';
import { relayStylePagination } from '@apollo/client/utilities';
import { filter, firstValueFrom } from 'rxjs';
import type { TestGateway } from '../support/gateway.ts';
import { runIdsIn } from './walks.ts';

export const byTypeAndId: InMemoryCacheConfig = {
  possibleTypes: { Node: ['PipelineRun', 'Project'] },
  typePolicies: {
    Query: { fields: { pipelineRuns: relayStylePagination(['projectId', 'filter']) } },
    Project: { fields: { pipelineRuns: relayStylePagination(['filter']) } },
  },
};

export function createApolloClient(
  { url }: TestGateway,
  cache: InMemoryCacheConfig = byTypeAndId,
  useGETForQueries = false,
): ApolloClient {
  return new ApolloClient({
    link: new HttpLink({ uri: `${url}/graphql`, useGETForQueries }),
    cache: new InMemoryCache(cache),
    devtools: { enabled: false },
  });
}

interface ApolloConnection {
  edges: { node: { id: string; runId: string; status: string } }[];
  pageInfo: {
    hasNextPage: boolean;
    hasPreviousPage: boolean;
    startCursor: string | null;
    endCursor: string | null;
  };
}

interface ListData {
  pipelineRuns?: ApolloConnection;
  project?: { pipelineRuns: ApolloConnection };
}

/** A mounted list: a watched query that loads more, as a component does at either end of its scroll range. */
export async function watchList(
  client: ApolloClient,
  query: DocumentNode,
  variables: Record<string, unknown>,
) {
  const observable = client.watchQuery<ListData>({ query, variables });
  observable.subscribe({});
  await shown();
  const connection = () => connectionIn(observable.getCurrentResult().data);

  /** Resolves when there is data to render. Watchers are notified in a separate task. */
  async function shown(isAwaited: (connection: ApolloConnection) => boolean = () => true): Promise<void> {
    const isSettled = ({ loading, data }: ObservableQuery.Result<ListData, 'complete' | 'empty'>) =>
      !loading && isAwaited(connectionIn(data));
    await firstValueFrom(observable.pipe(filter(isSettled as never)));
  }

  async function more(page: Record<string, unknown>): Promise<void> {
    await observable.fetchMore({ variables: page });
    await shown();
  }

  return {
    connection,
    runIds: () => runIdsIn(connection()),
    shown,
    async refetch(): Promise<void> {
      await observable.refetch();
      await shown();
    },
    /** False if the connection has no more pages. */
    async next(first: number): Promise<boolean> {
      const { hasNextPage, endCursor: after } = connection().pageInfo;
      if (hasNextPage) await more({ first, after, last: null });
      return hasNextPage;
    },
    async previous(last: number): Promise<boolean> {
      const { hasPreviousPage, startCursor: before } = connection().pageInfo;
      if (hasPreviousPage) await more({ last, before, first: null });
      return hasPreviousPage;
    },
    /** Loads rows before the first one, even if there were none when it was read. */
    newest: (last: number) => more({ last, before: connection().pageInfo.startCursor, first: null }),
  };
}

function connectionIn(data: unknown): ApolloConnection {
  const { pipelineRuns, project } = data as ListData;
  return pipelineRuns ?? project!.pipelineRuns;
}
