import { graphql } from 'relay-runtime';

/** A list that loads downwards: the infinite scroll of a dashboard. */
export const projectRuns = graphql`
  fragment ProjectRuns_project on Project
  @refetchable(queryName: "ProjectRunsPageQuery")
  @argumentDefinitions(
    count: { type: "Int", defaultValue: 30 }
    cursor: { type: "String" }
    filter: { type: "PipelineRunFilter" }
  ) {
    projectId
    name
    pipelineRuns(first: $count, after: $cursor, filter: $filter)
      @connection(key: "ProjectRuns_pipelineRuns", filters: ["filter"]) {
      totalCount
      asOf
      staleBecause
      edges {
        node {
          runId
          ...RunDetail_run
        }
      }
    }
  }
`;

export const projectRunsQuery = graphql`
  query ProjectRunsQuery($projectId: ID!, $filter: PipelineRunFilter) {
    project(projectId: $projectId) {
      ...ProjectRuns_project @arguments(filter: $filter)
    }
  }
`;
