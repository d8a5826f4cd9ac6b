import { graphql } from 'relay-runtime';

/** One run, refetched by its global id. */
export const runDetail = graphql`
  fragment RunDetail_run on PipelineRun @refetchable(queryName: "RunDetailRefetchQuery") {
    status
    rawStatus
    modifyTime
    stages {
      code
      status
      detail
    }
  }
`;

export const runDetailQuery = graphql`
  query RunDetailQuery($projectId: ID!, $runId: ID!) {
    pipelineRun(projectId: $projectId, runId: $runId) {
      project {
        name
      }
      ...RunDetail_run
    }
  }
`;
