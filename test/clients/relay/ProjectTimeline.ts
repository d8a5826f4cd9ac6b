import { graphql } from 'relay-runtime';

/** A list that starts anywhere and loads in both directions. The arguments of the unused direction are sent as null. */
export const projectTimeline = graphql`
  fragment ProjectTimeline_project on Project
  @refetchable(queryName: "ProjectTimelinePageQuery")
  @argumentDefinitions(
    first: { type: "Int" }
    after: { type: "String" }
    last: { type: "Int" }
    before: { type: "String" }
  ) {
    pipelineRuns(first: $first, after: $after, last: $last, before: $before)
      @connection(key: "ProjectTimeline_pipelineRuns") {
      edges {
        node {
          runId
        }
      }
    }
  }
`;

export const projectTimelineQuery = graphql`
  query ProjectTimelineQuery($projectId: ID!, $first: Int, $after: String) {
    project(projectId: $projectId) {
      ...ProjectTimeline_project @arguments(first: $first, after: $after)
    }
  }
`;
