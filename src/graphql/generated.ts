import type { JsonDocument } from '../core/jsonDocument.ts';
import type { GraphQLResolveInfo, GraphQLScalarType, GraphQLScalarTypeConfig } from 'graphql';
import type { DatedPipelineRun, DatedProject } from '../core/upstream.ts';
import type { PipelineRunStage as PipelineRunStageModel, PipelineRunItem as PipelineRunItemModel } from '../core/domain.ts';
import type { RunConnection, ItemConnection } from './connection.ts';
import type { GatewayContext } from './context.ts';
export type Maybe<T> = T | null;
export type InputMaybe<T> = Maybe<T>;
export type Omit<T, K extends keyof T> = Pick<T, Exclude<keyof T, K>>;
export type RequireFields<T, K extends keyof T> = Omit<T, K> & { [P in K]-?: NonNullable<T[P]> };
/** All built-in and custom scalars, mapped to their actual values */
export type Scalars = {
  ID: { input: string; output: string; }
  String: { input: string; output: string; }
  Boolean: { input: boolean; output: boolean; }
  Int: { input: number; output: number; }
  Float: { input: number; output: number; }
  /** An ISO 8601 date and time in UTC with milliseconds, for example `2023-12-16T14:24:14.000Z`. */
  DateTime: { input: number; output: number; }
  /** Any JSON value. */
  JSON: { input: JsonDocument; output: JsonDocument; }
};

/** An object with an ID. */
export type Node = {
  /** The global ID of the object: `gid://dataworks/<type>/<IDs in DataWorks>`. It never changes. */
  id: Scalars['ID']['output'];
};

/** Information for pagination. */
export type PageInfo = {
  __typename?: 'PageInfo';
  /** The cursor of the last element. Null if the page is empty. */
  endCursor?: Maybe<Scalars['String']['output']>;
  /** Whether there are more elements after this page. */
  hasNextPage: Scalars['Boolean']['output'];
  /** Whether there are more elements before this page. */
  hasPreviousPage: Scalars['Boolean']['output'];
  /** The cursor of the first element. Null if the page is empty. */
  startCursor?: Maybe<Scalars['String']['output']>;
};

/** A numbered page of a list. */
export type PageInput = {
  /** The number of the page, starting at 1. */
  number: Scalars['Int']['input'];
  /** The number of runs per page, from 1 to 100. */
  size: Scalars['Int']['input'];
};

/** The kind of object that an item is. */
export type PipelineItemType =
  /** A user-defined function. */
  | 'FUNCTION'
  /** A node of a workflow. */
  | 'NODE'
  /** A resource file. */
  | 'RESOURCE'
  /** A type that this schema does not define: see `rawType`. */
  | 'UNKNOWN'
  /** A workflow. */
  | 'WORKFLOW_DEFINITION';

/** A run of a deployment pipeline, which takes a change through checks and environments. */
export type PipelineRun = Node & {
  __typename?: 'PipelineRun';
  /** When this data was last confirmed by DataWorks. */
  asOf: Scalars['DateTime']['output'];
  /** When the run was created. Null if DataWorks does not report it. */
  createTime?: Maybe<Scalars['DateTime']['output']>;
  /** The uid of the Alibaba Cloud account that created the run. */
  creator?: Maybe<Scalars['ID']['output']>;
  /** The description given by the run's creator. */
  description?: Maybe<Scalars['String']['output']>;
  /** The global ID of the run: `gid://dataworks/PipelineRun/<projectId>/<runId>`. */
  id: Scalars['ID']['output'];
  /**
   * A list of the objects that the run deploys. Requires one upstream call for each run. Returns the first 10 items by default, or the
   * last 10 before the cursor if only `before` is given. Null, with an error, if it cannot be read.
   */
  items?: Maybe<PipelineRunItemConnection>;
  /** The error message, if the run failed. */
  message?: Maybe<Scalars['String']['output']>;
  /** When the run was last modified. Null if DataWorks does not report it. */
  modifyTime?: Maybe<Scalars['DateTime']['output']>;
  /** The workspace that the run belongs to. Null, with an error, if it cannot be read. */
  project?: Maybe<Project>;
  /** The ID of the workspace that the run belongs to. */
  projectId: Scalars['ID']['output'];
  /** The status exactly as DataWorks reports it. Empty if DataWorks reports none. */
  rawStatus: Scalars['String']['output'];
  /** The ID of the run in DataWorks, a UUID. */
  runId: Scalars['ID']['output'];
  /** The run's stages, in the order of execution. */
  stages: Array<PipelineRunStage>;
  /** Why this data is stale. Null if it is fresh. */
  staleBecause?: Maybe<StaleReason>;
  /** The run's current status. Only `SUCCEEDED` means that the deployment is complete. */
  status: PipelineRunStatus;
};


/** A run of a deployment pipeline, which takes a change through checks and environments. */
export type PipelineRunItemsArgs = {
  after?: InputMaybe<Scalars['String']['input']>;
  before?: InputMaybe<Scalars['String']['input']>;
  first?: InputMaybe<Scalars['Int']['input']>;
  last?: InputMaybe<Scalars['Int']['input']>;
};

/** A change of one field of a run or of one of its stages. */
export type PipelineRunChange = {
  __typename?: 'PipelineRunChange';
  /** The current status if `field` is `status`. Null for a removed stage. */
  after?: Maybe<PipelineRunStatus>;
  /** The previous status if `field` is `status`. Null for a new stage. */
  before?: Maybe<PipelineRunStatus>;
  /** The name of the field in this schema, for example `status`, `message` or `modifyTime`. */
  field: Scalars['String']['output'];
  /** The code of the stage that has changed. Null if it is a field of the run. */
  stage?: Maybe<Scalars['String']['output']>;
};

/** A page of a list of pipeline runs. */
export type PipelineRunConnection = {
  __typename?: 'PipelineRunConnection';
  /** When the oldest part of this page was last read from DataWorks, or confirmed by the head of its list. */
  asOf: Scalars['DateTime']['output'];
  /** The runs of this page with their cursors. */
  edges: Array<PipelineRunEdge>;
  /** The runs of this page. */
  nodes: Array<PipelineRun>;
  /** Information for pagination. */
  pageInfo: PageInfo;
  /** Why this data is stale. Null if it is fresh. */
  staleBecause?: Maybe<StaleReason>;
  /** The total number of runs in the list, as counted by DataWorks. */
  totalCount: Scalars['Int']['output'];
};

/** A run and its cursor. */
export type PipelineRunEdge = {
  __typename?: 'PipelineRunEdge';
  /** An opaque cursor for `after` and `before`. Valid only for the same workspace and filter. */
  cursor: Scalars['String']['output'];
  /** The run. */
  node: PipelineRun;
};

/** Filters a list of pipeline runs. A run must match all of the given fields. */
export type PipelineRunFilter = {
  /** Runs created by the Alibaba Cloud account with this uid. */
  creator?: InputMaybe<Scalars['ID']['input']>;
  /** Runs that deploy the object (node, workflow, resource or function) with this ID. */
  objectId?: InputMaybe<Scalars['ID']['input']>;
  /** Runs with this status. `UNKNOWN` is rejected, because DataWorks cannot filter by it. */
  status?: InputMaybe<PipelineRunStatus>;
};

/** An object that a run deploys. */
export type PipelineRunItem = {
  __typename?: 'PipelineRunItem';
  /** When the item was created. */
  createTime?: Maybe<Scalars['DateTime']['output']>;
  /** The ID of the object in DataWorks, up to 19 digits. */
  itemId: Scalars['ID']['output'];
  /** The error message, if the deployment of this object failed. */
  message?: Maybe<Scalars['String']['output']>;
  /** When the item was last modified. */
  modifyTime?: Maybe<Scalars['DateTime']['output']>;
  /** The name of the object. */
  name?: Maybe<Scalars['String']['output']>;
  /** The status exactly as DataWorks reports it. Empty if DataWorks reports none. */
  rawStatus: Scalars['String']['output'];
  /** The type exactly as DataWorks reports it. Empty if DataWorks reports none. */
  rawType: Scalars['String']['output'];
  /** The FlowSpec document of the object, decoded. */
  spec?: Maybe<Scalars['JSON']['output']>;
  /** The current status of the deployment of this object. */
  status: PipelineRunStatus;
  /** The kind of object. */
  type: PipelineItemType;
  /** The version of the object that is deployed. */
  version?: Maybe<Scalars['String']['output']>;
};

/** A page of the objects that a run deploys. */
export type PipelineRunItemConnection = {
  __typename?: 'PipelineRunItemConnection';
  /** When the oldest part shown was last known true. */
  asOf: Scalars['DateTime']['output'];
  /** The items of this page with their cursors. */
  edges: Array<PipelineRunItemEdge>;
  /** The items of this page. */
  nodes: Array<PipelineRunItem>;
  /** Information for pagination. */
  pageInfo: PageInfo;
  /** Why this data is stale. Null if it is fresh. */
  staleBecause?: Maybe<StaleReason>;
  /** The total number of items of the run, as counted by DataWorks. */
  totalCount: Scalars['Int']['output'];
};

/** An item and its cursor. */
export type PipelineRunItemEdge = {
  __typename?: 'PipelineRunItemEdge';
  /** An opaque cursor for `after` and `before`. Valid only for the same run. */
  cursor: Scalars['String']['output'];
  /** The item. */
  node: PipelineRunItem;
};

/** An update of a list of pipeline runs. */
export type PipelineRunListUpdate = {
  __typename?: 'PipelineRunListUpdate';
  /** When this data was last confirmed by DataWorks. */
  asOf: Scalars['DateTime']['output'];
  /** Why this data is stale. Null while polls succeed. */
  staleBecause?: Maybe<StaleReason>;
  /** The total number of runs in the list, as counted by DataWorks. */
  totalCount: Scalars['Int']['output'];
  /**
   * The updates of single runs since the previous event of this subscription, in the order of the list, removed runs last. The first
   * event contains all followed runs, as `PRESENT`. Empty if only the total count or the freshness of the list has changed.
   */
  updates: Array<PipelineRunUpdate>;
};

/** A stage of a run, such as a check or a deployment to one environment. */
export type PipelineRunStage = {
  __typename?: 'PipelineRunStage';
  /** Identifies the stage within its run, for example `BUILD_PACKAGE`, `PROD_CHECK` or `DEV`. Other values are possible. */
  code: Scalars['String']['output'];
  /** The description of the stage. */
  description?: Maybe<Scalars['String']['output']>;
  /** What the stage reports. The structure depends on the type of the stage. Nested JSON text is decoded, and IDs that exceed the range of a JSON number are strings. */
  detail?: Maybe<Scalars['JSON']['output']>;
  /** The error message, if the stage failed. */
  message?: Maybe<Scalars['String']['output']>;
  /** The display name of the stage, in the language of the workspace. */
  name?: Maybe<Scalars['String']['output']>;
  /** The status exactly as DataWorks reports it. Empty if DataWorks reports none. */
  rawStatus: Scalars['String']['output'];
  /** The type exactly as DataWorks reports it. Empty if DataWorks reports none. */
  rawType: Scalars['String']['output'];
  /** The stage's current status. */
  status: PipelineRunStatus;
  /** The position of the stage within its run. */
  step: Scalars['Int']['output'];
  /** The kind of work that the stage does. */
  type: PipelineStageType;
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

/** An update of a pipeline run. */
export type PipelineRunUpdate = {
  __typename?: 'PipelineRunUpdate';
  /** When this data was last confirmed by DataWorks. */
  asOf: Scalars['DateTime']['output'];
  /** The changes since the previous event of this subscription. Empty unless `kind` is `CHANGED`. */
  changes: Array<PipelineRunChange>;
  /** The kind of update. */
  kind: PipelineRunUpdateKind;
  /** The current state of the run. For a removed run, its last known state. */
  run: PipelineRun;
  /** Why this data is stale. Null while polls succeed. */
  staleBecause?: Maybe<StaleReason>;
};

/** The kind of an update of a run. */
export type PipelineRunUpdateKind =
  /** The run was added to the list: it is new, or it now matches the filter. */
  | 'ADDED'
  /** The run has changed: see `changes`. */
  | 'CHANGED'
  /** The current state, without changes: in the first event, and if only the freshness has changed. */
  | 'PRESENT'
  /** The run was removed from the list: it was deleted, or it no longer matches the filter. */
  | 'REMOVED';

/** The kind of work that a stage does. */
export type PipelineStageType =
  /** Builds the package. */
  | 'BUILD'
  /** Checks the change. */
  | 'CHECK'
  /** Deletes objects. */
  | 'DELETE'
  /** Deploys to an environment. */
  | 'DEPLOY'
  /** Takes objects offline. */
  | 'OFFLINE'
  /** A type that this schema does not define: see `rawType`. */
  | 'UNKNOWN';

/** A DataWorks workspace. */
export type Project = Node & {
  __typename?: 'Project';
  /** When this data was last confirmed by DataWorks. */
  asOf: Scalars['DateTime']['output'];
  /** The description of the workspace. */
  description?: Maybe<Scalars['String']['output']>;
  /** The display name of the workspace. */
  displayName?: Maybe<Scalars['String']['output']>;
  /** The global ID of the workspace: `gid://dataworks/Project/<projectId>`. */
  id: Scalars['ID']['output'];
  /** The unique name of the workspace. */
  name?: Maybe<Scalars['String']['output']>;
  /** The uid of the Alibaba Cloud account that owns the workspace. */
  owner?: Maybe<Scalars['ID']['output']>;
  /** A list of the pipeline runs of the workspace: the same as `Query.pipelineRuns` with this `projectId`. */
  pipelineRuns?: Maybe<PipelineRunConnection>;
  /** The ID of the workspace in DataWorks. */
  projectId: Scalars['ID']['output'];
  /** The status exactly as DataWorks reports it. Empty if DataWorks reports none. */
  rawStatus: Scalars['String']['output'];
  /** Why this data is stale. Null if it is fresh. */
  staleBecause?: Maybe<StaleReason>;
  /** The current status of the workspace. */
  status: ProjectStatus;
};


/** A DataWorks workspace. */
export type ProjectPipelineRunsArgs = {
  after?: InputMaybe<Scalars['String']['input']>;
  before?: InputMaybe<Scalars['String']['input']>;
  filter?: InputMaybe<PipelineRunFilter>;
  first?: InputMaybe<Scalars['Int']['input']>;
  last?: InputMaybe<Scalars['Int']['input']>;
  page?: InputMaybe<PageInput>;
};

/** The status of a workspace. */
export type ProjectStatus =
  /** In use. */
  | 'AVAILABLE'
  /** Deletion failed. */
  | 'DELETE_FAILED'
  /** Being deleted. */
  | 'DELETING'
  /** Disabled manually. */
  | 'FORBIDDEN'
  /** Frozen, for example because of an overdue payment. */
  | 'FROZEN'
  /** Being initialized. */
  | 'INITIALIZING'
  /** Initialization failed. */
  | 'INIT_FAILED'
  /** A status that this schema does not define: see `rawStatus`. */
  | 'UNKNOWN'
  /** The update failed. */
  | 'UPDATE_FAILED'
  /** Being updated. */
  | 'UPDATING';

/**
 * Reads the deployment pipeline runs of Alibaba Cloud DataWorks workspaces. DataWorks allows an account a few calls per second, so
 * results come from a shared cache if it is fresh enough. `asOf` and `staleBecause` show how fresh a result is.
 */
export type Query = {
  __typename?: 'Query';
  /** Returns an object by its global ID. Null if it does not exist. */
  node?: Maybe<Node>;
  /** Returns objects by their global IDs, in the given order. Null in place of each object that does not exist. */
  nodes: Array<Maybe<Node>>;
  /** Returns a pipeline run by its ID in DataWorks. Null if the workspace has no such run. */
  pipelineRun?: Maybe<PipelineRun>;
  /**
   * Returns a list of the pipeline runs of a workspace, in the order of DataWorks, which is usually newest first. Use either the cursor
   * arguments or `page`. Returns the first 10 runs by default, or the last 10 before the cursor if only `before` is given.
   * Null, with an error, if DataWorks rejects the request or is unavailable and nothing is cached.
   */
  pipelineRuns?: Maybe<PipelineRunConnection>;
  /** Returns a workspace by its ID in DataWorks. Null if the account has no such workspace. */
  project?: Maybe<Project>;
};


/**
 * Reads the deployment pipeline runs of Alibaba Cloud DataWorks workspaces. DataWorks allows an account a few calls per second, so
 * results come from a shared cache if it is fresh enough. `asOf` and `staleBecause` show how fresh a result is.
 */
export type QueryNodeArgs = {
  id: Scalars['ID']['input'];
};


/**
 * Reads the deployment pipeline runs of Alibaba Cloud DataWorks workspaces. DataWorks allows an account a few calls per second, so
 * results come from a shared cache if it is fresh enough. `asOf` and `staleBecause` show how fresh a result is.
 */
export type QueryNodesArgs = {
  ids: Array<Scalars['ID']['input']>;
};


/**
 * Reads the deployment pipeline runs of Alibaba Cloud DataWorks workspaces. DataWorks allows an account a few calls per second, so
 * results come from a shared cache if it is fresh enough. `asOf` and `staleBecause` show how fresh a result is.
 */
export type QueryPipelineRunArgs = {
  projectId: Scalars['ID']['input'];
  runId: Scalars['ID']['input'];
};


/**
 * Reads the deployment pipeline runs of Alibaba Cloud DataWorks workspaces. DataWorks allows an account a few calls per second, so
 * results come from a shared cache if it is fresh enough. `asOf` and `staleBecause` show how fresh a result is.
 */
export type QueryPipelineRunsArgs = {
  after?: InputMaybe<Scalars['String']['input']>;
  before?: InputMaybe<Scalars['String']['input']>;
  filter?: InputMaybe<PipelineRunFilter>;
  first?: InputMaybe<Scalars['Int']['input']>;
  last?: InputMaybe<Scalars['Int']['input']>;
  page?: InputMaybe<PageInput>;
  projectId: Scalars['ID']['input'];
};


/**
 * Reads the deployment pipeline runs of Alibaba Cloud DataWorks workspaces. DataWorks allows an account a few calls per second, so
 * results come from a shared cache if it is fresh enough. `asOf` and `staleBecause` show how fresh a result is.
 */
export type QueryProjectArgs = {
  projectId: Scalars['ID']['input'];
};

/** The reason why data is older than its freshness policy allows. */
export type StaleReason =
  /** The upstream quota of the account is exhausted for now. */
  | 'BUDGET'
  /** Newer data is being fetched. Retry in a moment. */
  | 'REFRESHING'
  /** DataWorks returned an error or is unavailable. */
  | 'UPSTREAM_ERROR';

/**
 * Streams updates of pipeline runs through WebSocket (subprotocol `graphql-transport-ws`) at the URL of queries. The first event
 * contains the current state. DataWorks is polled once for all subscribers of a run or list: every few seconds while a stage is
 * running, and less often otherwise. Polling has the lowest priority of all upstream calls. Updates that a slow subscriber has not
 * read yet are combined into one event.
 */
export type Subscription = {
  __typename?: 'Subscription';
  /**
   * Streams updates of a run. Completes when the run is finished or deleted. The first of several failed polls is reported by
   * `staleBecause`, in an event without changes.
   */
  pipelineRunUpdated: PipelineRunUpdate;
  /** Streams updates of the first runs of a list, 100 by default. A run that newer runs push further down is no longer followed. */
  pipelineRunsUpdated: PipelineRunListUpdate;
};


/**
 * Streams updates of pipeline runs through WebSocket (subprotocol `graphql-transport-ws`) at the URL of queries. The first event
 * contains the current state. DataWorks is polled once for all subscribers of a run or list: every few seconds while a stage is
 * running, and less often otherwise. Polling has the lowest priority of all upstream calls. Updates that a slow subscriber has not
 * read yet are combined into one event.
 */
export type SubscriptionPipelineRunUpdatedArgs = {
  projectId: Scalars['ID']['input'];
  runId: Scalars['ID']['input'];
};


/**
 * Streams updates of pipeline runs through WebSocket (subprotocol `graphql-transport-ws`) at the URL of queries. The first event
 * contains the current state. DataWorks is polled once for all subscribers of a run or list: every few seconds while a stage is
 * running, and less often otherwise. Polling has the lowest priority of all upstream calls. Updates that a slow subscriber has not
 * read yet are combined into one event.
 */
export type SubscriptionPipelineRunsUpdatedArgs = {
  filter?: InputMaybe<PipelineRunFilter>;
  projectId: Scalars['ID']['input'];
};



export type ResolverTypeWrapper<T> = Promise<T> | T;


export type ResolverWithResolve<TResult, TParent, TContext, TArgs> = {
  resolve: ResolverFn<TResult, TParent, TContext, TArgs>;
};
export type Resolver<TResult, TParent = Record<PropertyKey, never>, TContext = Record<PropertyKey, never>, TArgs = Record<PropertyKey, never>> = ResolverFn<TResult, TParent, TContext, TArgs> | ResolverWithResolve<TResult, TParent, TContext, TArgs>;

export type ResolverFn<TResult, TParent, TContext, TArgs> = (
  parent: TParent,
  args: TArgs,
  context: TContext,
  info: GraphQLResolveInfo
) => Promise<TResult> | TResult;

export type SubscriptionSubscribeFn<TResult, TParent, TContext, TArgs> = (
  parent: TParent,
  args: TArgs,
  context: TContext,
  info: GraphQLResolveInfo
) => AsyncIterable<TResult> | Promise<AsyncIterable<TResult>>;

export type SubscriptionResolveFn<TResult, TParent, TContext, TArgs> = (
  parent: TParent,
  args: TArgs,
  context: TContext,
  info: GraphQLResolveInfo
) => TResult | Promise<TResult>;

export interface SubscriptionSubscriberObject<TResult, TKey extends string, TParent, TContext, TArgs> {
  subscribe: SubscriptionSubscribeFn<{ [key in TKey]: TResult }, TParent, TContext, TArgs>;
  resolve?: SubscriptionResolveFn<TResult, { [key in TKey]: TResult }, TContext, TArgs>;
}

export interface SubscriptionResolverObject<TResult, TParent, TContext, TArgs> {
  subscribe: SubscriptionSubscribeFn<any, TParent, TContext, TArgs>;
  resolve: SubscriptionResolveFn<TResult, any, TContext, TArgs>;
}

export type SubscriptionObject<TResult, TKey extends string, TParent, TContext, TArgs> =
  | SubscriptionSubscriberObject<TResult, TKey, TParent, TContext, TArgs>
  | SubscriptionResolverObject<TResult, TParent, TContext, TArgs>;

export type SubscriptionResolver<TResult, TKey extends string, TParent = Record<PropertyKey, never>, TContext = Record<PropertyKey, never>, TArgs = Record<PropertyKey, never>> =
  | ((...args: any[]) => SubscriptionObject<TResult, TKey, TParent, TContext, TArgs>)
  | SubscriptionObject<TResult, TKey, TParent, TContext, TArgs>;

export type TypeResolveFn<TTypes, TParent = Record<PropertyKey, never>, TContext = Record<PropertyKey, never>> = (
  parent: TParent,
  context: TContext,
  info: GraphQLResolveInfo
) => Maybe<TTypes> | Promise<Maybe<TTypes>>;

export type IsTypeOfResolverFn<T = Record<PropertyKey, never>, TContext = Record<PropertyKey, never>> = (obj: T, context: TContext, info: GraphQLResolveInfo) => boolean | Promise<boolean>;

export type NextResolverFn<T> = () => Promise<T>;

export type DirectiveResolverFn<TResult = Record<PropertyKey, never>, TParent = Record<PropertyKey, never>, TContext = Record<PropertyKey, never>, TArgs = Record<PropertyKey, never>> = (
  next: NextResolverFn<TResult>,
  parent: TParent,
  args: TArgs,
  context: TContext,
  info: GraphQLResolveInfo
) => TResult | Promise<TResult>;




/** Mapping of interface types */
export type ResolversInterfaceTypes<_RefType extends Record<string, unknown>> = {
  Node:
    | ( DatedPipelineRun )
    | ( DatedProject )
  ;
};

/** Mapping between all available schema types and the resolvers types */
export type ResolversTypes = {
  Boolean: ResolverTypeWrapper<Scalars['Boolean']['output']>;
  DateTime: ResolverTypeWrapper<Scalars['DateTime']['output']>;
  ID: ResolverTypeWrapper<Scalars['ID']['output']>;
  Int: ResolverTypeWrapper<Scalars['Int']['output']>;
  JSON: ResolverTypeWrapper<Scalars['JSON']['output']>;
  Node: ResolverTypeWrapper<ResolversInterfaceTypes<ResolversTypes>['Node']>;
  PageInfo: ResolverTypeWrapper<PageInfo>;
  PageInput: PageInput;
  PipelineItemType: PipelineItemType;
  PipelineRun: ResolverTypeWrapper<DatedPipelineRun>;
  PipelineRunChange: ResolverTypeWrapper<PipelineRunChange>;
  PipelineRunConnection: ResolverTypeWrapper<RunConnection>;
  PipelineRunEdge: ResolverTypeWrapper<Omit<PipelineRunEdge, 'node'> & { node: ResolversTypes['PipelineRun'] }>;
  PipelineRunFilter: PipelineRunFilter;
  PipelineRunItem: ResolverTypeWrapper<PipelineRunItemModel>;
  PipelineRunItemConnection: ResolverTypeWrapper<ItemConnection>;
  PipelineRunItemEdge: ResolverTypeWrapper<Omit<PipelineRunItemEdge, 'node'> & { node: ResolversTypes['PipelineRunItem'] }>;
  PipelineRunListUpdate: ResolverTypeWrapper<Omit<PipelineRunListUpdate, 'updates'> & { updates: Array<ResolversTypes['PipelineRunUpdate']> }>;
  PipelineRunStage: ResolverTypeWrapper<PipelineRunStageModel>;
  PipelineRunStatus: PipelineRunStatus;
  PipelineRunUpdate: ResolverTypeWrapper<Omit<PipelineRunUpdate, 'run'> & { run: ResolversTypes['PipelineRun'] }>;
  PipelineRunUpdateKind: PipelineRunUpdateKind;
  PipelineStageType: PipelineStageType;
  Project: ResolverTypeWrapper<DatedProject>;
  ProjectStatus: ProjectStatus;
  Query: ResolverTypeWrapper<Record<PropertyKey, never>>;
  StaleReason: StaleReason;
  String: ResolverTypeWrapper<Scalars['String']['output']>;
  Subscription: ResolverTypeWrapper<Record<PropertyKey, never>>;
};

/** Mapping between all available schema types and the resolvers parents */
export type ResolversParentTypes = {
  Boolean: Scalars['Boolean']['output'];
  DateTime: Scalars['DateTime']['output'];
  ID: Scalars['ID']['output'];
  Int: Scalars['Int']['output'];
  JSON: Scalars['JSON']['output'];
  Node: ResolversInterfaceTypes<ResolversParentTypes>['Node'];
  PageInfo: PageInfo;
  PageInput: PageInput;
  PipelineRun: DatedPipelineRun;
  PipelineRunChange: PipelineRunChange;
  PipelineRunConnection: RunConnection;
  PipelineRunEdge: Omit<PipelineRunEdge, 'node'> & { node: ResolversParentTypes['PipelineRun'] };
  PipelineRunFilter: PipelineRunFilter;
  PipelineRunItem: PipelineRunItemModel;
  PipelineRunItemConnection: ItemConnection;
  PipelineRunItemEdge: Omit<PipelineRunItemEdge, 'node'> & { node: ResolversParentTypes['PipelineRunItem'] };
  PipelineRunListUpdate: Omit<PipelineRunListUpdate, 'updates'> & { updates: Array<ResolversParentTypes['PipelineRunUpdate']> };
  PipelineRunStage: PipelineRunStageModel;
  PipelineRunUpdate: Omit<PipelineRunUpdate, 'run'> & { run: ResolversParentTypes['PipelineRun'] };
  Project: DatedProject;
  Query: Record<PropertyKey, never>;
  String: Scalars['String']['output'];
  Subscription: Record<PropertyKey, never>;
};

export interface DateTimeScalarConfig extends GraphQLScalarTypeConfig<ResolversTypes['DateTime'], any> {
  name: 'DateTime';
}

export interface JsonScalarConfig extends GraphQLScalarTypeConfig<ResolversTypes['JSON'], any> {
  name: 'JSON';
}

export type NodeResolvers<ContextType = GatewayContext, ParentType extends ResolversParentTypes['Node'] = ResolversParentTypes['Node']> = {
  __resolveType: TypeResolveFn<'PipelineRun' | 'Project', ParentType, ContextType>;
};

export type PageInfoResolvers<ContextType = GatewayContext, ParentType extends ResolversParentTypes['PageInfo'] = ResolversParentTypes['PageInfo']> = {
  endCursor?: Resolver<Maybe<ResolversTypes['String']>, ParentType, ContextType>;
  hasNextPage?: Resolver<ResolversTypes['Boolean'], ParentType, ContextType>;
  hasPreviousPage?: Resolver<ResolversTypes['Boolean'], ParentType, ContextType>;
  startCursor?: Resolver<Maybe<ResolversTypes['String']>, ParentType, ContextType>;
};

export type PipelineRunResolvers<ContextType = GatewayContext, ParentType extends ResolversParentTypes['PipelineRun'] = ResolversParentTypes['PipelineRun']> = {
  asOf?: Resolver<ResolversTypes['DateTime'], ParentType, ContextType>;
  createTime?: Resolver<Maybe<ResolversTypes['DateTime']>, ParentType, ContextType>;
  creator?: Resolver<Maybe<ResolversTypes['ID']>, ParentType, ContextType>;
  description?: Resolver<Maybe<ResolversTypes['String']>, ParentType, ContextType>;
  id?: Resolver<ResolversTypes['ID'], ParentType, ContextType>;
  items?: Resolver<Maybe<ResolversTypes['PipelineRunItemConnection']>, ParentType, ContextType, Partial<PipelineRunItemsArgs>>;
  message?: Resolver<Maybe<ResolversTypes['String']>, ParentType, ContextType>;
  modifyTime?: Resolver<Maybe<ResolversTypes['DateTime']>, ParentType, ContextType>;
  project?: Resolver<Maybe<ResolversTypes['Project']>, ParentType, ContextType>;
  projectId?: Resolver<ResolversTypes['ID'], ParentType, ContextType>;
  rawStatus?: Resolver<ResolversTypes['String'], ParentType, ContextType>;
  runId?: Resolver<ResolversTypes['ID'], ParentType, ContextType>;
  stages?: Resolver<Array<ResolversTypes['PipelineRunStage']>, ParentType, ContextType>;
  staleBecause?: Resolver<Maybe<ResolversTypes['StaleReason']>, ParentType, ContextType>;
  status?: Resolver<ResolversTypes['PipelineRunStatus'], ParentType, ContextType>;
  __isTypeOf?: IsTypeOfResolverFn<ParentType, ContextType>;
};

export type PipelineRunChangeResolvers<ContextType = GatewayContext, ParentType extends ResolversParentTypes['PipelineRunChange'] = ResolversParentTypes['PipelineRunChange']> = {
  after?: Resolver<Maybe<ResolversTypes['PipelineRunStatus']>, ParentType, ContextType>;
  before?: Resolver<Maybe<ResolversTypes['PipelineRunStatus']>, ParentType, ContextType>;
  field?: Resolver<ResolversTypes['String'], ParentType, ContextType>;
  stage?: Resolver<Maybe<ResolversTypes['String']>, ParentType, ContextType>;
};

export type PipelineRunConnectionResolvers<ContextType = GatewayContext, ParentType extends ResolversParentTypes['PipelineRunConnection'] = ResolversParentTypes['PipelineRunConnection']> = {
  asOf?: Resolver<ResolversTypes['DateTime'], ParentType, ContextType>;
  edges?: Resolver<Array<ResolversTypes['PipelineRunEdge']>, ParentType, ContextType>;
  nodes?: Resolver<Array<ResolversTypes['PipelineRun']>, ParentType, ContextType>;
  pageInfo?: Resolver<ResolversTypes['PageInfo'], ParentType, ContextType>;
  staleBecause?: Resolver<Maybe<ResolversTypes['StaleReason']>, ParentType, ContextType>;
  totalCount?: Resolver<ResolversTypes['Int'], ParentType, ContextType>;
};

export type PipelineRunEdgeResolvers<ContextType = GatewayContext, ParentType extends ResolversParentTypes['PipelineRunEdge'] = ResolversParentTypes['PipelineRunEdge']> = {
  cursor?: Resolver<ResolversTypes['String'], ParentType, ContextType>;
  node?: Resolver<ResolversTypes['PipelineRun'], ParentType, ContextType>;
};

export type PipelineRunItemResolvers<ContextType = GatewayContext, ParentType extends ResolversParentTypes['PipelineRunItem'] = ResolversParentTypes['PipelineRunItem']> = {
  createTime?: Resolver<Maybe<ResolversTypes['DateTime']>, ParentType, ContextType>;
  itemId?: Resolver<ResolversTypes['ID'], ParentType, ContextType>;
  message?: Resolver<Maybe<ResolversTypes['String']>, ParentType, ContextType>;
  modifyTime?: Resolver<Maybe<ResolversTypes['DateTime']>, ParentType, ContextType>;
  name?: Resolver<Maybe<ResolversTypes['String']>, ParentType, ContextType>;
  rawStatus?: Resolver<ResolversTypes['String'], ParentType, ContextType>;
  rawType?: Resolver<ResolversTypes['String'], ParentType, ContextType>;
  spec?: Resolver<Maybe<ResolversTypes['JSON']>, ParentType, ContextType>;
  status?: Resolver<ResolversTypes['PipelineRunStatus'], ParentType, ContextType>;
  type?: Resolver<ResolversTypes['PipelineItemType'], ParentType, ContextType>;
  version?: Resolver<Maybe<ResolversTypes['String']>, ParentType, ContextType>;
};

export type PipelineRunItemConnectionResolvers<ContextType = GatewayContext, ParentType extends ResolversParentTypes['PipelineRunItemConnection'] = ResolversParentTypes['PipelineRunItemConnection']> = {
  asOf?: Resolver<ResolversTypes['DateTime'], ParentType, ContextType>;
  edges?: Resolver<Array<ResolversTypes['PipelineRunItemEdge']>, ParentType, ContextType>;
  nodes?: Resolver<Array<ResolversTypes['PipelineRunItem']>, ParentType, ContextType>;
  pageInfo?: Resolver<ResolversTypes['PageInfo'], ParentType, ContextType>;
  staleBecause?: Resolver<Maybe<ResolversTypes['StaleReason']>, ParentType, ContextType>;
  totalCount?: Resolver<ResolversTypes['Int'], ParentType, ContextType>;
};

export type PipelineRunItemEdgeResolvers<ContextType = GatewayContext, ParentType extends ResolversParentTypes['PipelineRunItemEdge'] = ResolversParentTypes['PipelineRunItemEdge']> = {
  cursor?: Resolver<ResolversTypes['String'], ParentType, ContextType>;
  node?: Resolver<ResolversTypes['PipelineRunItem'], ParentType, ContextType>;
};

export type PipelineRunListUpdateResolvers<ContextType = GatewayContext, ParentType extends ResolversParentTypes['PipelineRunListUpdate'] = ResolversParentTypes['PipelineRunListUpdate']> = {
  asOf?: Resolver<ResolversTypes['DateTime'], ParentType, ContextType>;
  staleBecause?: Resolver<Maybe<ResolversTypes['StaleReason']>, ParentType, ContextType>;
  totalCount?: Resolver<ResolversTypes['Int'], ParentType, ContextType>;
  updates?: Resolver<Array<ResolversTypes['PipelineRunUpdate']>, ParentType, ContextType>;
};

export type PipelineRunStageResolvers<ContextType = GatewayContext, ParentType extends ResolversParentTypes['PipelineRunStage'] = ResolversParentTypes['PipelineRunStage']> = {
  code?: Resolver<ResolversTypes['String'], ParentType, ContextType>;
  description?: Resolver<Maybe<ResolversTypes['String']>, ParentType, ContextType>;
  detail?: Resolver<Maybe<ResolversTypes['JSON']>, ParentType, ContextType>;
  message?: Resolver<Maybe<ResolversTypes['String']>, ParentType, ContextType>;
  name?: Resolver<Maybe<ResolversTypes['String']>, ParentType, ContextType>;
  rawStatus?: Resolver<ResolversTypes['String'], ParentType, ContextType>;
  rawType?: Resolver<ResolversTypes['String'], ParentType, ContextType>;
  status?: Resolver<ResolversTypes['PipelineRunStatus'], ParentType, ContextType>;
  step?: Resolver<ResolversTypes['Int'], ParentType, ContextType>;
  type?: Resolver<ResolversTypes['PipelineStageType'], ParentType, ContextType>;
};

export type PipelineRunUpdateResolvers<ContextType = GatewayContext, ParentType extends ResolversParentTypes['PipelineRunUpdate'] = ResolversParentTypes['PipelineRunUpdate']> = {
  asOf?: Resolver<ResolversTypes['DateTime'], ParentType, ContextType>;
  changes?: Resolver<Array<ResolversTypes['PipelineRunChange']>, ParentType, ContextType>;
  kind?: Resolver<ResolversTypes['PipelineRunUpdateKind'], ParentType, ContextType>;
  run?: Resolver<ResolversTypes['PipelineRun'], ParentType, ContextType>;
  staleBecause?: Resolver<Maybe<ResolversTypes['StaleReason']>, ParentType, ContextType>;
};

export type ProjectResolvers<ContextType = GatewayContext, ParentType extends ResolversParentTypes['Project'] = ResolversParentTypes['Project']> = {
  asOf?: Resolver<ResolversTypes['DateTime'], ParentType, ContextType>;
  description?: Resolver<Maybe<ResolversTypes['String']>, ParentType, ContextType>;
  displayName?: Resolver<Maybe<ResolversTypes['String']>, ParentType, ContextType>;
  id?: Resolver<ResolversTypes['ID'], ParentType, ContextType>;
  name?: Resolver<Maybe<ResolversTypes['String']>, ParentType, ContextType>;
  owner?: Resolver<Maybe<ResolversTypes['ID']>, ParentType, ContextType>;
  pipelineRuns?: Resolver<Maybe<ResolversTypes['PipelineRunConnection']>, ParentType, ContextType, Partial<ProjectPipelineRunsArgs>>;
  projectId?: Resolver<ResolversTypes['ID'], ParentType, ContextType>;
  rawStatus?: Resolver<ResolversTypes['String'], ParentType, ContextType>;
  staleBecause?: Resolver<Maybe<ResolversTypes['StaleReason']>, ParentType, ContextType>;
  status?: Resolver<ResolversTypes['ProjectStatus'], ParentType, ContextType>;
  __isTypeOf?: IsTypeOfResolverFn<ParentType, ContextType>;
};

export type QueryResolvers<ContextType = GatewayContext, ParentType extends ResolversParentTypes['Query'] = ResolversParentTypes['Query']> = {
  node?: Resolver<Maybe<ResolversTypes['Node']>, ParentType, ContextType, RequireFields<QueryNodeArgs, 'id'>>;
  nodes?: Resolver<Array<Maybe<ResolversTypes['Node']>>, ParentType, ContextType, RequireFields<QueryNodesArgs, 'ids'>>;
  pipelineRun?: Resolver<Maybe<ResolversTypes['PipelineRun']>, ParentType, ContextType, RequireFields<QueryPipelineRunArgs, 'projectId' | 'runId'>>;
  pipelineRuns?: Resolver<Maybe<ResolversTypes['PipelineRunConnection']>, ParentType, ContextType, RequireFields<QueryPipelineRunsArgs, 'projectId'>>;
  project?: Resolver<Maybe<ResolversTypes['Project']>, ParentType, ContextType, RequireFields<QueryProjectArgs, 'projectId'>>;
};

export type SubscriptionResolvers<ContextType = GatewayContext, ParentType extends ResolversParentTypes['Subscription'] = ResolversParentTypes['Subscription']> = {
  pipelineRunUpdated?: SubscriptionResolver<ResolversTypes['PipelineRunUpdate'], "pipelineRunUpdated", ParentType, ContextType, RequireFields<SubscriptionPipelineRunUpdatedArgs, 'projectId' | 'runId'>>;
  pipelineRunsUpdated?: SubscriptionResolver<ResolversTypes['PipelineRunListUpdate'], "pipelineRunsUpdated", ParentType, ContextType, RequireFields<SubscriptionPipelineRunsUpdatedArgs, 'projectId'>>;
};

export type Resolvers<ContextType = GatewayContext> = {
  DateTime?: GraphQLScalarType;
  JSON?: GraphQLScalarType;
  Node?: NodeResolvers<ContextType>;
  PageInfo?: PageInfoResolvers<ContextType>;
  PipelineRun?: PipelineRunResolvers<ContextType>;
  PipelineRunChange?: PipelineRunChangeResolvers<ContextType>;
  PipelineRunConnection?: PipelineRunConnectionResolvers<ContextType>;
  PipelineRunEdge?: PipelineRunEdgeResolvers<ContextType>;
  PipelineRunItem?: PipelineRunItemResolvers<ContextType>;
  PipelineRunItemConnection?: PipelineRunItemConnectionResolvers<ContextType>;
  PipelineRunItemEdge?: PipelineRunItemEdgeResolvers<ContextType>;
  PipelineRunListUpdate?: PipelineRunListUpdateResolvers<ContextType>;
  PipelineRunStage?: PipelineRunStageResolvers<ContextType>;
  PipelineRunUpdate?: PipelineRunUpdateResolvers<ContextType>;
  Project?: ProjectResolvers<ContextType>;
  Query?: QueryResolvers<ContextType>;
  Subscription?: SubscriptionResolvers<ContextType>;
};

