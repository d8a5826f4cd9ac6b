import { graphql } from 'relay-runtime';

/** A list that starts at its end and loads upwards to the newest run. */
export const projectHistory = graphql`
  fragment ProjectHistory_project on Project
  @refetchable(queryName: "ProjectHistoryPageQuery")
  @argumentDefinitions(
    count: { type: "Int", defaultValue: 30 }
    cursor: { type: "String" }
    filter: { type: "PipelineRunFilter" }
  ) {
    pipelineRuns(last: $count, before: $cursor, filter: $filter)
      @connection(key: "ProjectHistory_pipelineRuns", filters: ["filter"]) {
      edges {
        node {
          runId
        }
      }
    }
  }
`;

export const projectHistoryQuery = graphql`
  query ProjectHistoryQuery($projectId: ID!) {
    project(projectId: $projectId) {
      ...ProjectHistory_project
    }
  }
`;
