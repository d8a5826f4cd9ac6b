import {
  createOperationDescriptor,
  type Direction,
  Environment,
  fetchQuery,
  getPaginationMetadata,
  getPaginationVariables,
  getRefetchMetadata,
  getSingularSelector,
  getValueAtPath,
  type GraphQLTaggedNode,
  Network,
  type ReaderFragment,
  RecordSource,
  type SingularReaderSelector,
  Store,
  type Variables,
} from 'relay-runtime';
import { postOperation } from '../support/gateway.ts';

/** A mounted fragment: what `usePaginationFragment` returns to a component, without a component. */
export interface LiveFragment {
  /** The current data in the store. Throws if a part is missing. */
  data(): any; // eslint-disable-line @typescript-eslint/no-explicit-any -- as the fragment's document says
  /** `loadNext` and `loadPrevious`: false if the connection has no more pages. */
  load(direction: Direction, count: number): Promise<boolean>;
  /** Refetches the fragment by the global id of its object, with changed arguments if given. */
  refetch(variables?: Variables): Promise<void>;
}

export interface RelayClient {
  /** Runs a query and follows the fragment that its one field spreads. */
  open(query: GraphQLTaggedNode, fragment: ReaderFragment, variables: Variables): Promise<LiveFragment>;
}

/** relay-runtime against the gateway, with the variables and merges of react-relay's hooks. */
export function createRelayClient(url: string): RelayClient {
  const environment = new Environment({
    network: Network.create(async ({ text: query }, variables) => {
      const { data, errors } = await postOperation(url, { query, variables });
      return { data, ...(errors && { errors }) };
    }),
    store: new Store(new RecordSource()),
  });

  return {
    async open(query, fragment, variables) {
      const response = await fetchAndRetain(query, variables);
      return follow(fragment, Object.values(response)[0]);
    },
  };

  async function fetchAndRetain(query: GraphQLTaggedNode, variables: Variables): Promise<object> {
    const response = await fetchQuery(environment, query, variables, {
      networkCacheConfig: { force: true },
    }).toPromise();
    environment.retain(createOperationDescriptor(query as never, variables));
    return response as object;
  }

  function follow(fragment: ReaderFragment, fragmentRef: unknown): LiveFragment {
    let selector = selectorOf(fragment, fragmentRef);

    function data() {
      const snapshot = environment.lookup(selector);
      if (snapshot.isMissingData) throw new Error(`The store lacks a part of ${fragment.name}.`);
      return snapshot.data as Record<string, unknown>;
    }

    return {
      data,
      async load(direction, count) {
        const { connectionPathInFragmentData, paginationMetadata, paginationRequest } = getPaginationMetadata(
          fragment,
          'load',
        );
        const { pageInfo } = getValueAtPath(data(), connectionPathInFragmentData) as {
          pageInfo: Record<string, string | boolean | null>;
        };
        const isForward = direction === 'forward';
        if (!pageInfo[isForward ? 'hasNextPage' : 'hasPreviousPage']) return false;
        const cursor = pageInfo[isForward ? 'endCursor' : 'startCursor'] as string;
        const base = { ...selector.owner.variables, ...selector.variables };
        await fetchAndRetain(paginationRequest, {
          ...getPaginationVariables(direction, count, cursor, base, {}, paginationMetadata),
          id: data()['id'],
        });
        return true;
      },
      async refetch(changed = {}) {
        const { refetchableRequest, fragmentRefPathInResponse } = getRefetchMetadata(fragment, 'refetch');
        const base = { ...selector.owner.variables, ...selector.variables };
        const response = await fetchAndRetain(refetchableRequest, { ...base, ...changed, id: data()['id'] });
        selector = selectorOf(fragment, getValueAtPath(response, fragmentRefPathInResponse));
      },
    };
  }
}

function selectorOf(fragment: ReaderFragment, fragmentRef: unknown): SingularReaderSelector {
  // Null if there is nothing to read, despite its types.
  const selector = getSingularSelector(fragment, fragmentRef) as SingularReaderSelector | null;
  if (selector === null) throw new Error(`The query found no object for ${fragment.name}.`);
  return selector;
}
