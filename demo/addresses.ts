/** Where the demo's simulator listens, unless the port is taken. */
export const DEFAULT_SIMULATOR_PORT = 4001;

export const FIRST_QUERY =
  '{ pipelineRuns(projectId: 10000, first: 2) { totalCount nodes { runId status createTime stages { code status } } pageInfo { endCursor hasNextPage } asOf staleBecause } }';
