import { graphql } from 'relay-runtime';

/** The items of one run: a connection whose rows have no global id. */
export const runItems = graphql`
  fragment RunItems_run on PipelineRun
  @refetchable(queryName: "RunItemsPageQuery")
  @argumentDefinitions(count: { type: "Int", defaultValue: 1 }, cursor: { type: "String" }) {
    items(first: $count, after: $cursor) @connection(key: "RunItems_items") {
      edges {
        node {
          itemId
          name
        }
      }
    }
  }
`;

export const runItemsQuery = graphql`
  query RunItemsQuery($projectId: ID!, $runId: ID!) {
    pipelineRun(projectId: $projectId, runId: $runId) {
      ...RunItems_run
    }
  }
`;
