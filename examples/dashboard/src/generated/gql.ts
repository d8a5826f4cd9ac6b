/* eslint-disable */
import * as types from './graphql';
import type { TypedDocumentNode as DocumentNode } from '@graphql-typed-document-node/core';

/**
 * Map of all GraphQL operations in the project.
 *
 * This map has several performance disadvantages:
 * 1. It is not tree-shakeable, so it will include all operations in the project.
 * 2. It is not minifiable, so the string of a GraphQL query will be multiple times inside the bundle.
 * 3. It does not support dead code elimination, so it will add unused operations.
 *
 * Therefore it is highly recommended to use the babel or swc plugin for production.
 * Learn more about it here: https://the-guild.dev/graphql/codegen/plugins/presets/preset-client#reducing-bundle-size
 */
type Documents = {
    "\n  query Workspace($projectId: ID!) {\n    project(projectId: $projectId) {\n      id\n      displayName\n      description\n    }\n  }\n": typeof types.WorkspaceDocument,
    "\n  subscription ListUpdates($projectId: ID!, $filter: PipelineRunFilter) {\n    pipelineRunsUpdated(projectId: $projectId, filter: $filter) {\n      asOf\n    }\n  }\n": typeof types.ListUpdatesDocument,
    "\n  fragment RunRow_Run on PipelineRun {\n    id\n    runId\n    status\n    rawStatus\n    createTime\n    creator\n    message\n    description\n    ...Took_Run\n    stages {\n      code\n      ...StageProgress_Stage\n      ...StageList_Stage\n    }\n  }\n": typeof types.RunRow_RunFragmentDoc,
    "\n  fragment StageList_Stage on PipelineRunStage {\n    code\n    name\n    status\n    rawStatus\n    message\n  }\n": typeof types.StageList_StageFragmentDoc,
    "\n  fragment StageProgress_Stage on PipelineRunStage {\n    code\n    name\n    status\n    rawStatus\n  }\n": typeof types.StageProgress_StageFragmentDoc,
    "\n  fragment Summary_Connection on PipelineRunConnection {\n    totalCount\n    asOf\n    staleBecause\n  }\n": typeof types.Summary_ConnectionFragmentDoc,
    "\n  fragment Took_Run on PipelineRun {\n    status\n    createTime\n    modifyTime\n  }\n": typeof types.Took_RunFragmentDoc,
    "\n  query PagedRuns($projectId: ID!, $filter: PipelineRunFilter, $page: PageInput!) {\n    pipelineRuns(projectId: $projectId, filter: $filter, page: $page) {\n      nodes {\n        id\n        ...RunRow_Run\n      }\n      totalCount\n      staleBecause\n      ...Summary_Connection\n    }\n  }\n": typeof types.PagedRunsDocument,
    "\n  query ScrolledRuns($projectId: ID!, $filter: PipelineRunFilter, $first: Int!, $after: String) {\n    pipelineRuns(projectId: $projectId, filter: $filter, first: $first, after: $after) {\n      edges {\n        cursor\n        node {\n          id\n          status\n          ...RunRow_Run\n        }\n      }\n      pageInfo {\n        hasNextPage\n        hasPreviousPage\n        startCursor\n        endCursor\n      }\n      staleBecause\n      ...Summary_Connection\n    }\n  }\n": typeof types.ScrolledRunsDocument,
};
const documents: Documents = {
    "\n  query Workspace($projectId: ID!) {\n    project(projectId: $projectId) {\n      id\n      displayName\n      description\n    }\n  }\n": types.WorkspaceDocument,
    "\n  subscription ListUpdates($projectId: ID!, $filter: PipelineRunFilter) {\n    pipelineRunsUpdated(projectId: $projectId, filter: $filter) {\n      asOf\n    }\n  }\n": types.ListUpdatesDocument,
    "\n  fragment RunRow_Run on PipelineRun {\n    id\n    runId\n    status\n    rawStatus\n    createTime\n    creator\n    message\n    description\n    ...Took_Run\n    stages {\n      code\n      ...StageProgress_Stage\n      ...StageList_Stage\n    }\n  }\n": types.RunRow_RunFragmentDoc,
    "\n  fragment StageList_Stage on PipelineRunStage {\n    code\n    name\n    status\n    rawStatus\n    message\n  }\n": types.StageList_StageFragmentDoc,
    "\n  fragment StageProgress_Stage on PipelineRunStage {\n    code\n    name\n    status\n    rawStatus\n  }\n": types.StageProgress_StageFragmentDoc,
    "\n  fragment Summary_Connection on PipelineRunConnection {\n    totalCount\n    asOf\n    staleBecause\n  }\n": types.Summary_ConnectionFragmentDoc,
    "\n  fragment Took_Run on PipelineRun {\n    status\n    createTime\n    modifyTime\n  }\n": types.Took_RunFragmentDoc,
    "\n  query PagedRuns($projectId: ID!, $filter: PipelineRunFilter, $page: PageInput!) {\n    pipelineRuns(projectId: $projectId, filter: $filter, page: $page) {\n      nodes {\n        id\n        ...RunRow_Run\n      }\n      totalCount\n      staleBecause\n      ...Summary_Connection\n    }\n  }\n": types.PagedRunsDocument,
    "\n  query ScrolledRuns($projectId: ID!, $filter: PipelineRunFilter, $first: Int!, $after: String) {\n    pipelineRuns(projectId: $projectId, filter: $filter, first: $first, after: $after) {\n      edges {\n        cursor\n        node {\n          id\n          status\n          ...RunRow_Run\n        }\n      }\n      pageInfo {\n        hasNextPage\n        hasPreviousPage\n        startCursor\n        endCursor\n      }\n      staleBecause\n      ...Summary_Connection\n    }\n  }\n": types.ScrolledRunsDocument,
};

/**
 * The graphql function is used to parse GraphQL queries into a document that can be used by GraphQL clients.
 *
 *
 * @example
 * ```ts
 * const query = graphql(`query GetUser($id: ID!) { user(id: $id) { name } }`);
 * ```
 *
 * The query argument is unknown!
 * Please regenerate the types.
 */
export function graphql(source: string): unknown;

/**
 * The graphql function is used to parse GraphQL queries into a document that can be used by GraphQL clients.
 */
export function graphql(source: "\n  query Workspace($projectId: ID!) {\n    project(projectId: $projectId) {\n      id\n      displayName\n      description\n    }\n  }\n"): (typeof documents)["\n  query Workspace($projectId: ID!) {\n    project(projectId: $projectId) {\n      id\n      displayName\n      description\n    }\n  }\n"];
/**
 * The graphql function is used to parse GraphQL queries into a document that can be used by GraphQL clients.
 */
export function graphql(source: "\n  subscription ListUpdates($projectId: ID!, $filter: PipelineRunFilter) {\n    pipelineRunsUpdated(projectId: $projectId, filter: $filter) {\n      asOf\n    }\n  }\n"): (typeof documents)["\n  subscription ListUpdates($projectId: ID!, $filter: PipelineRunFilter) {\n    pipelineRunsUpdated(projectId: $projectId, filter: $filter) {\n      asOf\n    }\n  }\n"];
/**
 * The graphql function is used to parse GraphQL queries into a document that can be used by GraphQL clients.
 */
export function graphql(source: "\n  fragment RunRow_Run on PipelineRun {\n    id\n    runId\n    status\n    rawStatus\n    createTime\n    creator\n    message\n    description\n    ...Took_Run\n    stages {\n      code\n      ...StageProgress_Stage\n      ...StageList_Stage\n    }\n  }\n"): (typeof documents)["\n  fragment RunRow_Run on PipelineRun {\n    id\n    runId\n    status\n    rawStatus\n    createTime\n    creator\n    message\n    description\n    ...Took_Run\n    stages {\n      code\n      ...StageProgress_Stage\n      ...StageList_Stage\n    }\n  }\n"];
/**
 * The graphql function is used to parse GraphQL queries into a document that can be used by GraphQL clients.
 */
export function graphql(source: "\n  fragment StageList_Stage on PipelineRunStage {\n    code\n    name\n    status\n    rawStatus\n    message\n  }\n"): (typeof documents)["\n  fragment StageList_Stage on PipelineRunStage {\n    code\n    name\n    status\n    rawStatus\n    message\n  }\n"];
/**
 * The graphql function is used to parse GraphQL queries into a document that can be used by GraphQL clients.
 */
export function graphql(source: "\n  fragment StageProgress_Stage on PipelineRunStage {\n    code\n    name\n    status\n    rawStatus\n  }\n"): (typeof documents)["\n  fragment StageProgress_Stage on PipelineRunStage {\n    code\n    name\n    status\n    rawStatus\n  }\n"];
/**
 * The graphql function is used to parse GraphQL queries into a document that can be used by GraphQL clients.
 */
export function graphql(source: "\n  fragment Summary_Connection on PipelineRunConnection {\n    totalCount\n    asOf\n    staleBecause\n  }\n"): (typeof documents)["\n  fragment Summary_Connection on PipelineRunConnection {\n    totalCount\n    asOf\n    staleBecause\n  }\n"];
/**
 * The graphql function is used to parse GraphQL queries into a document that can be used by GraphQL clients.
 */
export function graphql(source: "\n  fragment Took_Run on PipelineRun {\n    status\n    createTime\n    modifyTime\n  }\n"): (typeof documents)["\n  fragment Took_Run on PipelineRun {\n    status\n    createTime\n    modifyTime\n  }\n"];
/**
 * The graphql function is used to parse GraphQL queries into a document that can be used by GraphQL clients.
 */
export function graphql(source: "\n  query PagedRuns($projectId: ID!, $filter: PipelineRunFilter, $page: PageInput!) {\n    pipelineRuns(projectId: $projectId, filter: $filter, page: $page) {\n      nodes {\n        id\n        ...RunRow_Run\n      }\n      totalCount\n      staleBecause\n      ...Summary_Connection\n    }\n  }\n"): (typeof documents)["\n  query PagedRuns($projectId: ID!, $filter: PipelineRunFilter, $page: PageInput!) {\n    pipelineRuns(projectId: $projectId, filter: $filter, page: $page) {\n      nodes {\n        id\n        ...RunRow_Run\n      }\n      totalCount\n      staleBecause\n      ...Summary_Connection\n    }\n  }\n"];
/**
 * The graphql function is used to parse GraphQL queries into a document that can be used by GraphQL clients.
 */
export function graphql(source: "\n  query ScrolledRuns($projectId: ID!, $filter: PipelineRunFilter, $first: Int!, $after: String) {\n    pipelineRuns(projectId: $projectId, filter: $filter, first: $first, after: $after) {\n      edges {\n        cursor\n        node {\n          id\n          status\n          ...RunRow_Run\n        }\n      }\n      pageInfo {\n        hasNextPage\n        hasPreviousPage\n        startCursor\n        endCursor\n      }\n      staleBecause\n      ...Summary_Connection\n    }\n  }\n"): (typeof documents)["\n  query ScrolledRuns($projectId: ID!, $filter: PipelineRunFilter, $first: Int!, $after: String) {\n    pipelineRuns(projectId: $projectId, filter: $filter, first: $first, after: $after) {\n      edges {\n        cursor\n        node {\n          id\n          status\n          ...RunRow_Run\n        }\n      }\n      pageInfo {\n        hasNextPage\n        hasPreviousPage\n        startCursor\n        endCursor\n      }\n      staleBecause\n      ...Summary_Connection\n    }\n  }\n"];

export function graphql(source: string) {
  return (documents as any)[source] ?? {};
}

export type DocumentType<TDocumentNode extends DocumentNode<any, any>> = TDocumentNode extends DocumentNode<  infer TType,  any>  ? TType  : never;