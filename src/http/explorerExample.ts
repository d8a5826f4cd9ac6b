/** What the explorers' pages say about the gateway that they stand before. */
export interface ExplorerFacts {
  /** Whether everybody may ask for the schema. */
  introspection: boolean;
  /** Whether callers must prove who they are. */
  authentication: boolean;
  /** Whether only the operations of a manifest run. */
  trustedDocumentsOnly: boolean;
}

/** What an explorer opens with. */
export interface Example {
  document: string;
  /** To be filled in; null where none are needed. */
  headers: Record<string, string> | null;
}

/** 10000 is the workspace of DataWorks' own sample, and has runs in the simulator. */
export function exampleFor({ authentication }: ExplorerFacts): Example {
  return { document: EXAMPLE, headers: authentication ? { authorization: 'Bearer ' } : null };
}

/** What visitors would wonder at, a sentence each. None where nothing is missing. */
export function notesOn({ introspection, authentication, trustedDocumentsOnly }: ExplorerFacts): string[] {
  return [
    authentication &&
      'Operations need a token: put it behind Bearer in the authorization header, then re-fetch the schema.',
    !introspection &&
      (authentication
        ? 'INTROSPECTION is off: documentation and completion need a token with the scope introspect. Operations run without them.'
        : 'INTROSPECTION is off: there is no documentation and no completion here. Operations run without them.'),
    trustedDocumentsOnly && 'Only the operations of this gateway’s manifest run here.',
  ].filter((note) => note !== false);
}

const EXAMPLE = `# Latest runs of workspace 10000
# Ctrl-Enter or ⌘-Enter runs it.
query LatestRuns {
  pipelineRuns(projectId: 10000, first: 5) {
    totalCount
    # How fresh the answer is.
    asOf
    staleBecause
    nodes {
      runId
      status
      createTime
      description
      stages {
        name
        status
      }
    }
    pageInfo {
      hasNextPage
      endCursor
    }
  }
}
`;
