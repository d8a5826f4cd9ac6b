import { type Client, gql } from '@urql/core';
import { ask } from './urqlClient.ts';
import { runIdsIn } from './walks.ts';

interface Connection {
  totalCount: number;
  staleBecause: string | null;
  edges: { node: { id: string; runId: string; status: string } }[];
  nodes: { runId: string }[];
  pageInfo: {
    hasNextPage: boolean;
    hasPreviousPage: boolean;
    startCursor: string | null;
    endCursor: string | null;
  };
}

interface Window {
  projectId: string;
  filter?: { status: string };
  first?: number;
  after?: string | null;
  last?: number;
  before?: string | null;
}

const CONNECTION = gql`
  fragment Connection on PipelineRunConnection {
    totalCount
    staleBecause
    edges {
      cursor
      node {
        id
        runId
        status
        stages {
          code
          status
        }
      }
    }
    nodes {
      id
      runId
    }
    pageInfo {
      hasNextPage
      hasPreviousPage
      startCursor
      endCursor
    }
  }
`;

export const RUNS = gql<{ pipelineRuns: Connection }, Window>`
  query Runs(
    $projectId: ID!
    $filter: PipelineRunFilter
    $first: Int
    $after: String
    $last: Int
    $before: String
  ) {
    pipelineRuns(
      projectId: $projectId
      filter: $filter
      first: $first
      after: $after
      last: $last
      before: $before
    ) {
      ...Connection
    }
  }
  ${CONNECTION}
`;

export const PROJECT_RUNS = gql<{ project: { id: string; pipelineRuns: Connection } }, Window>`
  query ProjectRuns($projectId: ID!, $first: Int, $after: String) {
    project(projectId: $projectId) {
      id
      pipelineRuns(first: $first, after: $after) {
        ...Connection
      }
    }
  }
  ${CONNECTION}
`;

export const RUN_BY_ID = gql<{ node: { id: string; status: string } }, { id: string }>`
  query RunById($id: ID!) {
    node(id: $id) {
      id
      ... on PipelineRun {
        status
      }
    }
  }
`;

/** A mounted list, as in a component: the last result, which Graphcache has merged with all earlier ones. */
export async function openList(client: Client, base: Window) {
  let list = (await ask(client, RUNS, base)).pipelineRuns;

  async function more(page: Partial<Window>): Promise<void> {
    list = (
      await ask(client, RUNS, {
        projectId: base.projectId,
        ...(base.filter && { filter: base.filter }),
        ...page,
      })
    ).pipelineRuns;
  }

  return {
    connection: () => list,
    runIds: () => runIdsIn(list),
    async next(count: number): Promise<boolean> {
      const { hasNextPage, endCursor: after } = list.pageInfo;
      if (hasNextPage) await more({ first: count, after });
      return hasNextPage;
    },
    async previous(count: number): Promise<boolean> {
      const { hasPreviousPage, startCursor: before } = list.pageInfo;
      if (hasPreviousPage) await more({ last: count, before });
      return hasPreviousPage;
    },
    /** Loads rows before the first one, even if there were none when it was read. */
    newest: (count: number) => more({ last: count, before: list.pageInfo.startCursor }),
  };
}
