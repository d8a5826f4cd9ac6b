/* eslint-disable */
/** Internal type. DO NOT USE DIRECTLY. */
type Exact<T extends { [key: string]: unknown }> = { [K in keyof T]: T[K] };
/** Internal type. DO NOT USE DIRECTLY. */
export type Incremental<T> = T | { [P in keyof T]?: P extends ' $fragmentName' | '__typename' ? T[P] : never };
import type { TypedDocumentNode as DocumentNode } from '@graphql-typed-document-node/core';
/** A numbered page of a list. */
export type PageInput = {
  /** The number of the page, starting at 1. */
  number?: number;
  /** The number of runs per page, from 1 to 100. */
  size?: number;
};

/** Filters a list of pipeline runs. A run must match all of the given fields. */
export type PipelineRunFilter = {
  /** Runs created by the Alibaba Cloud account with this uid. */
  creator?: string | number | null | undefined;
  /** Runs that deploy the object (node, workflow, resource or function) with this ID. */
  objectId?: string | number | null | undefined;
  /** Runs with this status. `UNKNOWN` is rejected, because DataWorks cannot filter by it. */
  status?: PipelineRunStatus | null | undefined;
};

/** The status of a run, a stage or an item. DataWorks has two spellings of each status, which this schema unifies. */
export type PipelineRunStatus =
  /** Canceled. */
  | 'CANCELED'
  /** Failed with an error. */
  | 'FAILED'
  /** Created, but not started yet. */
  | 'INIT'
  /** In progress, or waiting for somebody to advance a stage. */
  | 'RUNNING'
  /** Completed successfully. */
  | 'SUCCEEDED'
  /** Terminated before it was complete. */
  | 'TERMINATED'
  /** A status that this schema does not define: see `rawStatus`. */
  | 'UNKNOWN';

/** The reason why data is older than its freshness policy allows. */
export type StaleReason =
  /** The upstream quota of the account is exhausted for now. */
  | 'BUDGET'
  /** Newer data is being fetched. Retry in a moment. */
  | 'REFRESHING'
  /** DataWorks returned an error or is unavailable. */
  | 'UPSTREAM_ERROR';

export type WorkspaceQueryVariables = Exact<{
  projectId: string | number;
}>;


export type WorkspaceQuery = { project: { id: string, displayName: string | null, description: string | null } | null };

export type ListUpdatesSubscriptionVariables = Exact<{
  projectId: string | number;
  filter?: PipelineRunFilter | null | undefined;
}>;


export type ListUpdatesSubscription = { pipelineRunsUpdated: { asOf: string } };

export type RunRow_RunFragment = (
  { id: string, runId: string, status: PipelineRunStatus, rawStatus: string, createTime: string | null, creator: string | null, message: string | null, description: string | null, stages: Array<(
    { code: string }
    & { ' $fragmentRefs'?: { 'StageProgress_StageFragment': StageProgress_StageFragment;'StageList_StageFragment': StageList_StageFragment } }
  )> }
  & { ' $fragmentRefs'?: { 'Took_RunFragment': Took_RunFragment } }
) & { ' $fragmentName'?: 'RunRow_RunFragment' };

export type StageList_StageFragment = { code: string, name: string | null, status: PipelineRunStatus, rawStatus: string, message: string | null } & { ' $fragmentName'?: 'StageList_StageFragment' };

export type StageProgress_StageFragment = { code: string, name: string | null, status: PipelineRunStatus, rawStatus: string } & { ' $fragmentName'?: 'StageProgress_StageFragment' };

export type Summary_ConnectionFragment = { totalCount: number, asOf: string, staleBecause: StaleReason | null } & { ' $fragmentName'?: 'Summary_ConnectionFragment' };

export type Took_RunFragment = { status: PipelineRunStatus, createTime: string | null, modifyTime: string | null } & { ' $fragmentName'?: 'Took_RunFragment' };

export type PagedRunsQueryVariables = Exact<{
  projectId: string | number;
  filter?: PipelineRunFilter | null | undefined;
  page: PageInput;
}>;


export type PagedRunsQuery = { pipelineRuns: (
    { totalCount: number, staleBecause: StaleReason | null, nodes: Array<(
      { id: string }
      & { ' $fragmentRefs'?: { 'RunRow_RunFragment': RunRow_RunFragment } }
    )> }
    & { ' $fragmentRefs'?: { 'Summary_ConnectionFragment': Summary_ConnectionFragment } }
  ) | null };

export type ScrolledRunsQueryVariables = Exact<{
  projectId: string | number;
  filter?: PipelineRunFilter | null | undefined;
  first: number;
  after?: string | null | undefined;
}>;


export type ScrolledRunsQuery = { pipelineRuns: (
    { staleBecause: StaleReason | null, edges: Array<{ cursor: string, node: (
        { id: string, status: PipelineRunStatus }
        & { ' $fragmentRefs'?: { 'RunRow_RunFragment': RunRow_RunFragment } }
      ) }>, pageInfo: { hasNextPage: boolean, hasPreviousPage: boolean, startCursor: string | null, endCursor: string | null } }
    & { ' $fragmentRefs'?: { 'Summary_ConnectionFragment': Summary_ConnectionFragment } }
  ) | null };

export const Took_RunFragmentDoc = {"kind":"Document","definitions":[{"kind":"FragmentDefinition","name":{"kind":"Name","value":"Took_Run"},"typeCondition":{"kind":"NamedType","name":{"kind":"Name","value":"PipelineRun"}},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"status"}},{"kind":"Field","name":{"kind":"Name","value":"createTime"}},{"kind":"Field","name":{"kind":"Name","value":"modifyTime"}}]}}]} as unknown as DocumentNode<Took_RunFragment, unknown>;
export const StageProgress_StageFragmentDoc = {"kind":"Document","definitions":[{"kind":"FragmentDefinition","name":{"kind":"Name","value":"StageProgress_Stage"},"typeCondition":{"kind":"NamedType","name":{"kind":"Name","value":"PipelineRunStage"}},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"code"}},{"kind":"Field","name":{"kind":"Name","value":"name"}},{"kind":"Field","name":{"kind":"Name","value":"status"}},{"kind":"Field","name":{"kind":"Name","value":"rawStatus"}}]}}]} as unknown as DocumentNode<StageProgress_StageFragment, unknown>;
export const StageList_StageFragmentDoc = {"kind":"Document","definitions":[{"kind":"FragmentDefinition","name":{"kind":"Name","value":"StageList_Stage"},"typeCondition":{"kind":"NamedType","name":{"kind":"Name","value":"PipelineRunStage"}},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"code"}},{"kind":"Field","name":{"kind":"Name","value":"name"}},{"kind":"Field","name":{"kind":"Name","value":"status"}},{"kind":"Field","name":{"kind":"Name","value":"rawStatus"}},{"kind":"Field","name":{"kind":"Name","value":"message"}}]}}]} as unknown as DocumentNode<StageList_StageFragment, unknown>;
export const RunRow_RunFragmentDoc = {"kind":"Document","definitions":[{"kind":"FragmentDefinition","name":{"kind":"Name","value":"RunRow_Run"},"typeCondition":{"kind":"NamedType","name":{"kind":"Name","value":"PipelineRun"}},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"id"}},{"kind":"Field","name":{"kind":"Name","value":"runId"}},{"kind":"Field","name":{"kind":"Name","value":"status"}},{"kind":"Field","name":{"kind":"Name","value":"rawStatus"}},{"kind":"Field","name":{"kind":"Name","value":"createTime"}},{"kind":"Field","name":{"kind":"Name","value":"creator"}},{"kind":"Field","name":{"kind":"Name","value":"message"}},{"kind":"Field","name":{"kind":"Name","value":"description"}},{"kind":"FragmentSpread","name":{"kind":"Name","value":"Took_Run"}},{"kind":"Field","name":{"kind":"Name","value":"stages"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"code"}},{"kind":"FragmentSpread","name":{"kind":"Name","value":"StageProgress_Stage"}},{"kind":"FragmentSpread","name":{"kind":"Name","value":"StageList_Stage"}}]}}]}},{"kind":"FragmentDefinition","name":{"kind":"Name","value":"Took_Run"},"typeCondition":{"kind":"NamedType","name":{"kind":"Name","value":"PipelineRun"}},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"status"}},{"kind":"Field","name":{"kind":"Name","value":"createTime"}},{"kind":"Field","name":{"kind":"Name","value":"modifyTime"}}]}},{"kind":"FragmentDefinition","name":{"kind":"Name","value":"StageProgress_Stage"},"typeCondition":{"kind":"NamedType","name":{"kind":"Name","value":"PipelineRunStage"}},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"code"}},{"kind":"Field","name":{"kind":"Name","value":"name"}},{"kind":"Field","name":{"kind":"Name","value":"status"}},{"kind":"Field","name":{"kind":"Name","value":"rawStatus"}}]}},{"kind":"FragmentDefinition","name":{"kind":"Name","value":"StageList_Stage"},"typeCondition":{"kind":"NamedType","name":{"kind":"Name","value":"PipelineRunStage"}},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"code"}},{"kind":"Field","name":{"kind":"Name","value":"name"}},{"kind":"Field","name":{"kind":"Name","value":"status"}},{"kind":"Field","name":{"kind":"Name","value":"rawStatus"}},{"kind":"Field","name":{"kind":"Name","value":"message"}}]}}]} as unknown as DocumentNode<RunRow_RunFragment, unknown>;
export const Summary_ConnectionFragmentDoc = {"kind":"Document","definitions":[{"kind":"FragmentDefinition","name":{"kind":"Name","value":"Summary_Connection"},"typeCondition":{"kind":"NamedType","name":{"kind":"Name","value":"PipelineRunConnection"}},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"totalCount"}},{"kind":"Field","name":{"kind":"Name","value":"asOf"}},{"kind":"Field","name":{"kind":"Name","value":"staleBecause"}}]}}]} as unknown as DocumentNode<Summary_ConnectionFragment, unknown>;
export const WorkspaceDocument = {"kind":"Document","definitions":[{"kind":"OperationDefinition","operation":"query","name":{"kind":"Name","value":"Workspace"},"variableDefinitions":[{"kind":"VariableDefinition","variable":{"kind":"Variable","name":{"kind":"Name","value":"projectId"}},"type":{"kind":"NonNullType","type":{"kind":"NamedType","name":{"kind":"Name","value":"ID"}}}}],"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"project"},"arguments":[{"kind":"Argument","name":{"kind":"Name","value":"projectId"},"value":{"kind":"Variable","name":{"kind":"Name","value":"projectId"}}}],"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"id"}},{"kind":"Field","name":{"kind":"Name","value":"displayName"}},{"kind":"Field","name":{"kind":"Name","value":"description"}}]}}]}}]} as unknown as DocumentNode<WorkspaceQuery, WorkspaceQueryVariables>;
export const ListUpdatesDocument = {"kind":"Document","definitions":[{"kind":"OperationDefinition","operation":"subscription","name":{"kind":"Name","value":"ListUpdates"},"variableDefinitions":[{"kind":"VariableDefinition","variable":{"kind":"Variable","name":{"kind":"Name","value":"projectId"}},"type":{"kind":"NonNullType","type":{"kind":"NamedType","name":{"kind":"Name","value":"ID"}}}},{"kind":"VariableDefinition","variable":{"kind":"Variable","name":{"kind":"Name","value":"filter"}},"type":{"kind":"NamedType","name":{"kind":"Name","value":"PipelineRunFilter"}}}],"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"pipelineRunsUpdated"},"arguments":[{"kind":"Argument","name":{"kind":"Name","value":"projectId"},"value":{"kind":"Variable","name":{"kind":"Name","value":"projectId"}}},{"kind":"Argument","name":{"kind":"Name","value":"filter"},"value":{"kind":"Variable","name":{"kind":"Name","value":"filter"}}}],"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"asOf"}}]}}]}}]} as unknown as DocumentNode<ListUpdatesSubscription, ListUpdatesSubscriptionVariables>;
export const PagedRunsDocument = {"kind":"Document","definitions":[{"kind":"OperationDefinition","operation":"query","name":{"kind":"Name","value":"PagedRuns"},"variableDefinitions":[{"kind":"VariableDefinition","variable":{"kind":"Variable","name":{"kind":"Name","value":"projectId"}},"type":{"kind":"NonNullType","type":{"kind":"NamedType","name":{"kind":"Name","value":"ID"}}}},{"kind":"VariableDefinition","variable":{"kind":"Variable","name":{"kind":"Name","value":"filter"}},"type":{"kind":"NamedType","name":{"kind":"Name","value":"PipelineRunFilter"}}},{"kind":"VariableDefinition","variable":{"kind":"Variable","name":{"kind":"Name","value":"page"}},"type":{"kind":"NonNullType","type":{"kind":"NamedType","name":{"kind":"Name","value":"PageInput"}}}}],"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"pipelineRuns"},"arguments":[{"kind":"Argument","name":{"kind":"Name","value":"projectId"},"value":{"kind":"Variable","name":{"kind":"Name","value":"projectId"}}},{"kind":"Argument","name":{"kind":"Name","value":"filter"},"value":{"kind":"Variable","name":{"kind":"Name","value":"filter"}}},{"kind":"Argument","name":{"kind":"Name","value":"page"},"value":{"kind":"Variable","name":{"kind":"Name","value":"page"}}}],"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"nodes"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"id"}},{"kind":"FragmentSpread","name":{"kind":"Name","value":"RunRow_Run"}}]}},{"kind":"Field","name":{"kind":"Name","value":"totalCount"}},{"kind":"Field","name":{"kind":"Name","value":"staleBecause"}},{"kind":"FragmentSpread","name":{"kind":"Name","value":"Summary_Connection"}}]}}]}},{"kind":"FragmentDefinition","name":{"kind":"Name","value":"Took_Run"},"typeCondition":{"kind":"NamedType","name":{"kind":"Name","value":"PipelineRun"}},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"status"}},{"kind":"Field","name":{"kind":"Name","value":"createTime"}},{"kind":"Field","name":{"kind":"Name","value":"modifyTime"}}]}},{"kind":"FragmentDefinition","name":{"kind":"Name","value":"StageProgress_Stage"},"typeCondition":{"kind":"NamedType","name":{"kind":"Name","value":"PipelineRunStage"}},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"code"}},{"kind":"Field","name":{"kind":"Name","value":"name"}},{"kind":"Field","name":{"kind":"Name","value":"status"}},{"kind":"Field","name":{"kind":"Name","value":"rawStatus"}}]}},{"kind":"FragmentDefinition","name":{"kind":"Name","value":"StageList_Stage"},"typeCondition":{"kind":"NamedType","name":{"kind":"Name","value":"PipelineRunStage"}},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"code"}},{"kind":"Field","name":{"kind":"Name","value":"name"}},{"kind":"Field","name":{"kind":"Name","value":"status"}},{"kind":"Field","name":{"kind":"Name","value":"rawStatus"}},{"kind":"Field","name":{"kind":"Name","value":"message"}}]}},{"kind":"FragmentDefinition","name":{"kind":"Name","value":"RunRow_Run"},"typeCondition":{"kind":"NamedType","name":{"kind":"Name","value":"PipelineRun"}},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"id"}},{"kind":"Field","name":{"kind":"Name","value":"runId"}},{"kind":"Field","name":{"kind":"Name","value":"status"}},{"kind":"Field","name":{"kind":"Name","value":"rawStatus"}},{"kind":"Field","name":{"kind":"Name","value":"createTime"}},{"kind":"Field","name":{"kind":"Name","value":"creator"}},{"kind":"Field","name":{"kind":"Name","value":"message"}},{"kind":"Field","name":{"kind":"Name","value":"description"}},{"kind":"FragmentSpread","name":{"kind":"Name","value":"Took_Run"}},{"kind":"Field","name":{"kind":"Name","value":"stages"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"code"}},{"kind":"FragmentSpread","name":{"kind":"Name","value":"StageProgress_Stage"}},{"kind":"FragmentSpread","name":{"kind":"Name","value":"StageList_Stage"}}]}}]}},{"kind":"FragmentDefinition","name":{"kind":"Name","value":"Summary_Connection"},"typeCondition":{"kind":"NamedType","name":{"kind":"Name","value":"PipelineRunConnection"}},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"totalCount"}},{"kind":"Field","name":{"kind":"Name","value":"asOf"}},{"kind":"Field","name":{"kind":"Name","value":"staleBecause"}}]}}]} as unknown as DocumentNode<PagedRunsQuery, PagedRunsQueryVariables>;
export const ScrolledRunsDocument = {"kind":"Document","definitions":[{"kind":"OperationDefinition","operation":"query","name":{"kind":"Name","value":"ScrolledRuns"},"variableDefinitions":[{"kind":"VariableDefinition","variable":{"kind":"Variable","name":{"kind":"Name","value":"projectId"}},"type":{"kind":"NonNullType","type":{"kind":"NamedType","name":{"kind":"Name","value":"ID"}}}},{"kind":"VariableDefinition","variable":{"kind":"Variable","name":{"kind":"Name","value":"filter"}},"type":{"kind":"NamedType","name":{"kind":"Name","value":"PipelineRunFilter"}}},{"kind":"VariableDefinition","variable":{"kind":"Variable","name":{"kind":"Name","value":"first"}},"type":{"kind":"NonNullType","type":{"kind":"NamedType","name":{"kind":"Name","value":"Int"}}}},{"kind":"VariableDefinition","variable":{"kind":"Variable","name":{"kind":"Name","value":"after"}},"type":{"kind":"NamedType","name":{"kind":"Name","value":"String"}}}],"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"pipelineRuns"},"arguments":[{"kind":"Argument","name":{"kind":"Name","value":"projectId"},"value":{"kind":"Variable","name":{"kind":"Name","value":"projectId"}}},{"kind":"Argument","name":{"kind":"Name","value":"filter"},"value":{"kind":"Variable","name":{"kind":"Name","value":"filter"}}},{"kind":"Argument","name":{"kind":"Name","value":"first"},"value":{"kind":"Variable","name":{"kind":"Name","value":"first"}}},{"kind":"Argument","name":{"kind":"Name","value":"after"},"value":{"kind":"Variable","name":{"kind":"Name","value":"after"}}}],"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"edges"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"cursor"}},{"kind":"Field","name":{"kind":"Name","value":"node"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"id"}},{"kind":"Field","name":{"kind":"Name","value":"status"}},{"kind":"FragmentSpread","name":{"kind":"Name","value":"RunRow_Run"}}]}}]}},{"kind":"Field","name":{"kind":"Name","value":"pageInfo"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"hasNextPage"}},{"kind":"Field","name":{"kind":"Name","value":"hasPreviousPage"}},{"kind":"Field","name":{"kind":"Name","value":"startCursor"}},{"kind":"Field","name":{"kind":"Name","value":"endCursor"}}]}},{"kind":"Field","name":{"kind":"Name","value":"staleBecause"}},{"kind":"FragmentSpread","name":{"kind":"Name","value":"Summary_Connection"}}]}}]}},{"kind":"FragmentDefinition","name":{"kind":"Name","value":"Took_Run"},"typeCondition":{"kind":"NamedType","name":{"kind":"Name","value":"PipelineRun"}},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"status"}},{"kind":"Field","name":{"kind":"Name","value":"createTime"}},{"kind":"Field","name":{"kind":"Name","value":"modifyTime"}}]}},{"kind":"FragmentDefinition","name":{"kind":"Name","value":"StageProgress_Stage"},"typeCondition":{"kind":"NamedType","name":{"kind":"Name","value":"PipelineRunStage"}},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"code"}},{"kind":"Field","name":{"kind":"Name","value":"name"}},{"kind":"Field","name":{"kind":"Name","value":"status"}},{"kind":"Field","name":{"kind":"Name","value":"rawStatus"}}]}},{"kind":"FragmentDefinition","name":{"kind":"Name","value":"StageList_Stage"},"typeCondition":{"kind":"NamedType","name":{"kind":"Name","value":"PipelineRunStage"}},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"code"}},{"kind":"Field","name":{"kind":"Name","value":"name"}},{"kind":"Field","name":{"kind":"Name","value":"status"}},{"kind":"Field","name":{"kind":"Name","value":"rawStatus"}},{"kind":"Field","name":{"kind":"Name","value":"message"}}]}},{"kind":"FragmentDefinition","name":{"kind":"Name","value":"RunRow_Run"},"typeCondition":{"kind":"NamedType","name":{"kind":"Name","value":"PipelineRun"}},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"id"}},{"kind":"Field","name":{"kind":"Name","value":"runId"}},{"kind":"Field","name":{"kind":"Name","value":"status"}},{"kind":"Field","name":{"kind":"Name","value":"rawStatus"}},{"kind":"Field","name":{"kind":"Name","value":"createTime"}},{"kind":"Field","name":{"kind":"Name","value":"creator"}},{"kind":"Field","name":{"kind":"Name","value":"message"}},{"kind":"Field","name":{"kind":"Name","value":"description"}},{"kind":"FragmentSpread","name":{"kind":"Name","value":"Took_Run"}},{"kind":"Field","name":{"kind":"Name","value":"stages"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"code"}},{"kind":"FragmentSpread","name":{"kind":"Name","value":"StageProgress_Stage"}},{"kind":"FragmentSpread","name":{"kind":"Name","value":"StageList_Stage"}}]}}]}},{"kind":"FragmentDefinition","name":{"kind":"Name","value":"Summary_Connection"},"typeCondition":{"kind":"NamedType","name":{"kind":"Name","value":"PipelineRunConnection"}},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"totalCount"}},{"kind":"Field","name":{"kind":"Name","value":"asOf"}},{"kind":"Field","name":{"kind":"Name","value":"staleBecause"}}]}}]} as unknown as DocumentNode<ScrolledRunsQuery, ScrolledRunsQueryVariables>;