import type { JsonValue } from '../core/domain.ts';
import type { GraphQLResolveInfo, GraphQLScalarType, GraphQLScalarTypeConfig } from 'graphql';
import type { DatedPipelineRun, DatedProject } from '../core/upstream.ts';
import type { PipelineRunStage as PipelineRunStageModel, PipelineRunItem as PipelineRunItemModel } from '../core/domain.ts';
import type { PipelineRunWindow, PipelineRunItemWindow } from '../core/window.ts';
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
  /** A moment in ISO 8601, UTC, with milliseconds: `2023-12-16T14:24:14.000Z`. */
  DateTime: { input: number; output: number; }
  /** Any JSON value. */
  JSON: { input: JsonValue; output: JsonValue; }
};

/** Something with an id that is unique in the whole graph. */
export type Node = {
  /** The global id, readable and stable: `gid://dataworks/<type>/<numbers>`. */
  id: Scalars['ID']['output'];
};

/** Where a window stands in its list. */
export type PageInfo = {
  __typename?: 'PageInfo';
  /** The last row's cursor; null when the window is empty. */
  endCursor?: Maybe<Scalars['String']['output']>;
  /** Whether the list has rows behind this window. */
  hasNextPage: Scalars['Boolean']['output'];
  /** Whether the list has rows before this window. */
  hasPreviousPage: Scalars['Boolean']['output'];
  /** The first row's cursor; null when the window is empty. */
  startCursor?: Maybe<Scalars['String']['output']>;
};

/** A numbered page, for page pickers. */
export type PageInput = {
  /** The page, from 1. */
  number: Scalars['Int']['input'];
  /** Runs a page, 1 to 100. */
  size: Scalars['Int']['input'];
};

/** What kind of object an item is. */
export type PipelineItemType =
  /** A user-defined function. */
  | 'FUNCTION'
  /** A node of a workflow. */
  | 'NODE'
  /** A resource file. */
  | 'RESOURCE'
  /** A type that this gateway does not know: see `rawType`. */
  | 'UNKNOWN'
  /** A workflow. */
  | 'WORKFLOW_DEFINITION';

/** One run of a deployment pipeline: a change on its way through checks and environments. */
export type PipelineRun = Node & {
  __typename?: 'PipelineRun';
  /** When the answer that this run came in was last known true. */
  asOf: Scalars['DateTime']['output'];
  /** When the run was created. Null if DataWorks did not say. */
  createTime?: Maybe<Scalars['DateTime']['output']>;
  /** The uid of the account that created the run. */
  creator?: Maybe<Scalars['ID']['output']>;
  /** What the run's creator said about it. */
  description?: Maybe<Scalars['String']['output']>;
  /** The global id: `gid://dataworks/PipelineRun/<projectId>/<runId>`. */
  id: Scalars['ID']['output'];
  /**
   * The objects that the run publishes. Costs one upstream call a run. With neither `first` nor `last`, the first 10; with only
   * `before`, the last 10 before it. Null, with an error, when it cannot be read.
   */
  items?: Maybe<PipelineRunItemConnection>;
  /** The error message of a failed run. */
  message?: Maybe<Scalars['String']['output']>;
  /** When the run last changed. Null if DataWorks did not say. */
  modifyTime?: Maybe<Scalars['DateTime']['output']>;
  /** The workspace that the run belongs to. Null, with an error, when it cannot be read. */
  project?: Maybe<Project>;
  /** The number of the workspace that the run belongs to. */
  projectId: Scalars['ID']['output'];
  /** The status as DataWorks spelled it, for when it is one that this gateway does not know. Empty if none was sent. */
  rawStatus: Scalars['String']['output'];
  /** DataWorks' own id of the run, a UUID. */
  runId: Scalars['ID']['output'];
  /** The run's stages in the order in which they are run. */
  stages: Array<PipelineRunStage>;
  /** Null when that answer is fresh; otherwise why an older one was served. */
  staleBecause?: Maybe<StaleReason>;
  /** How far the run has come. Only `SUCCEEDED` means that the deployment is done. */
  status: PipelineRunStatus;
};


/** One run of a deployment pipeline: a change on its way through checks and environments. */
export type PipelineRunItemsArgs = {
  after?: InputMaybe<Scalars['String']['input']>;
  before?: InputMaybe<Scalars['String']['input']>;
  first?: InputMaybe<Scalars['Int']['input']>;
  last?: InputMaybe<Scalars['Int']['input']>;
};

/** One thing about a run that is not as it was. */
export type PipelineRunChange = {
  __typename?: 'PipelineRunChange';
  /** The status now, where `field` is `status`. Null for a stage that is gone. */
  after?: Maybe<PipelineRunStatus>;
  /** The status before, where `field` is `status`. Null for a stage that is new. */
  before?: Maybe<PipelineRunStatus>;
  /** The field of the run, or of its stage, that has changed, by its name here: `status`, `message`, `modifyTime`… */
  field: Scalars['String']['output'];
  /** The code of the stage that the field is of; null where it is a field of the run itself. */
  stage?: Maybe<Scalars['String']['output']>;
};

/** A window of a list of pipeline runs. */
export type PipelineRunConnection = {
  __typename?: 'PipelineRunConnection';
  /** When the oldest part shown was last known true: read from DataWorks, or confirmed by the head of its list. */
  asOf: Scalars['DateTime']['output'];
  /** The runs of the window with their cursors. */
  edges: Array<PipelineRunEdge>;
  /** The runs of the window. */
  nodes: Array<PipelineRun>;
  /** Where the window stands in the list. */
  pageInfo: PageInfo;
  /** Null when the answer is fresh; otherwise why an older one was served. */
  staleBecause?: Maybe<StaleReason>;
  /** How many runs the whole list has, by DataWorks' count. */
  totalCount: Scalars['Int']['output'];
};

/** A run and its place in the list. */
export type PipelineRunEdge = {
  __typename?: 'PipelineRunEdge';
  /** Names this row: pass it as `after` or `before`. Opaque, and valid for this workspace and filter only. */
  cursor: Scalars['String']['output'];
  /** The run itself. */
  node: PipelineRun;
};

/** Narrows a list of pipeline runs. Every field given must match. */
export type PipelineRunFilter = {
  /** Only runs created by this Alibaba Cloud account, by its uid. */
  creator?: InputMaybe<Scalars['ID']['input']>;
  /** Only runs that publish this object (node, workflow, resource or function), by its id. */
  objectId?: InputMaybe<Scalars['ID']['input']>;
  /** Only runs in this status. `UNKNOWN` cannot be asked for: DataWorks has no word for it. */
  status?: InputMaybe<PipelineRunStatus>;
};

/** One object that a run publishes. */
export type PipelineRunItem = {
  __typename?: 'PipelineRunItem';
  /** When the item was created. */
  createTime?: Maybe<Scalars['DateTime']['output']>;
  /** DataWorks' own id of the object, up to 19 digits. */
  itemId: Scalars['ID']['output'];
  /** The error message of a failed publication. */
  message?: Maybe<Scalars['String']['output']>;
  /** When the item last changed. */
  modifyTime?: Maybe<Scalars['DateTime']['output']>;
  /** The object's name. */
  name?: Maybe<Scalars['String']['output']>;
  /** The status as DataWorks spelled it. Empty if none was sent. */
  rawStatus: Scalars['String']['output'];
  /** The type as DataWorks spelled it. Empty if none was sent. */
  rawType: Scalars['String']['output'];
  /** The object's FlowSpec document, decoded. */
  spec?: Maybe<Scalars['JSON']['output']>;
  /** How far the publication of this object has come. */
  status: PipelineRunStatus;
  /** What kind of object it is. */
  type: PipelineItemType;
  /** The version of the object that is published. */
  version?: Maybe<Scalars['String']['output']>;
};

/** A window of the objects that a run publishes. */
export type PipelineRunItemConnection = {
  __typename?: 'PipelineRunItemConnection';
  /** When the oldest part shown was last known true. */
  asOf: Scalars['DateTime']['output'];
  /** The items of the window with their cursors. */
  edges: Array<PipelineRunItemEdge>;
  /** The items of the window. */
  nodes: Array<PipelineRunItem>;
  /** Where the window stands in the list. */
  pageInfo: PageInfo;
  /** Null when the answer is fresh; otherwise why an older one was served. */
  staleBecause?: Maybe<StaleReason>;
  /** How many items the run has, by DataWorks' count. */
  totalCount: Scalars['Int']['output'];
};

/** An item and its place in the list. */
export type PipelineRunItemEdge = {
  __typename?: 'PipelineRunItemEdge';
  /** Names this row: pass it as `after` or `before`. Opaque, and valid for this run only. */
  cursor: Scalars['String']['output'];
  /** The item itself. */
  node: PipelineRunItem;
};

/** What happened to a list of runs since this subscriber was told of it last. */
export type PipelineRunListUpdate = {
  __typename?: 'PipelineRunListUpdate';
  /** When this was last known true. */
  asOf: Scalars['DateTime']['output'];
  /** Null while polls succeed; otherwise why this is older than it should be. */
  staleBecause?: Maybe<StaleReason>;
  /** How many runs the whole list has, by DataWorks' count. */
  totalCount: Scalars['Int']['output'];
  /**
   * The runs that something happened to, in the order of the list and those that are gone last. In the first event all runs of the
   * head, as `PRESENT`. Empty where only the count or the freshness of the list has changed.
   */
  updates: Array<PipelineRunUpdate>;
};

/** One stage of a run, such as a check or a deployment to one environment. */
export type PipelineRunStage = {
  __typename?: 'PipelineRunStage';
  /** Identifies the stage within its run, for example `BUILD_PACKAGE`, `PROD_CHECK` or `DEV`. An open set. */
  code: Scalars['String']['output'];
  /** What the stage is for. */
  description?: Maybe<Scalars['String']['output']>;
  /** Whatever the stage reported, its shape set by the stage's type. JSON text inside it is decoded; ids too long for a number are strings. */
  detail?: Maybe<Scalars['JSON']['output']>;
  /** The error message of a failed stage. */
  message?: Maybe<Scalars['String']['output']>;
  /** The stage's name for people, in the workspace's language. */
  name?: Maybe<Scalars['String']['output']>;
  /** The status as DataWorks spelled it. Empty if none was sent. */
  rawStatus: Scalars['String']['output'];
  /** The type as DataWorks spelled it. Empty if none was sent. */
  rawType: Scalars['String']['output'];
  /** How far the stage has come. */
  status: PipelineRunStatus;
  /** The place of the stage in its run's order. */
  step: Scalars['Int']['output'];
  /** What the stage does. */
  type: PipelineStageType;
};

/** How far a run, a stage or an item has come. DataWorks has two spellings of each; both arrive here as one. */
export type PipelineRunStatus =
  /** Called off. */
  | 'CANCELED'
  /** Ended by an error. */
  | 'FAILED'
  /** Created and not yet started. */
  | 'INIT'
  /** In progress, or waiting for someone to advance a stage. */
  | 'RUNNING'
  /** Done, and successfully so. */
  | 'SUCCEEDED'
  /** Ended from outside before it was done. */
  | 'TERMINATED'
  /** A status that this gateway does not know: see `rawStatus`. */
  | 'UNKNOWN';

/** What happened to one run, and the whole run as it is then. */
export type PipelineRunUpdate = {
  __typename?: 'PipelineRunUpdate';
  /** When this was last known true. */
  asOf: Scalars['DateTime']['output'];
  /** What is not as it was when this subscriber was told of the run last. Empty unless `kind` is `CHANGED`. */
  changes: Array<PipelineRunChange>;
  /** What happened. */
  kind: PipelineRunUpdateKind;
  /** The whole run as it is now; one that is gone as it was seen last. */
  run: PipelineRun;
  /** Null while polls succeed; otherwise why this is older than it should be. */
  staleBecause?: Maybe<StaleReason>;
};

/** What happened to a run. */
export type PipelineRunUpdateKind =
  /** It has come into the list: it is new, or the filter matches it now. */
  | 'ADDED'
  /** Something about it has changed: see `changes`. */
  | 'CHANGED'
  /** Nothing: this is how it is. The first event, and one that tells of a change of freshness only. */
  | 'PRESENT'
  /** It is gone: deleted, or the filter of the list does not match it any more. */
  | 'REMOVED';

/** What a stage does. */
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
  /** A type that this gateway does not know: see `rawType`. */
  | 'UNKNOWN';

/** A DataWorks workspace. */
export type Project = Node & {
  __typename?: 'Project';
  /** When this was last known true. */
  asOf: Scalars['DateTime']['output'];
  /** What the workspace is for. */
  description?: Maybe<Scalars['String']['output']>;
  /** The workspace's name for people. */
  displayName?: Maybe<Scalars['String']['output']>;
  /** The global id: `gid://dataworks/Project/<projectId>`. */
  id: Scalars['ID']['output'];
  /** The workspace's unique name. */
  name?: Maybe<Scalars['String']['output']>;
  /** The uid of the account that owns the workspace. */
  owner?: Maybe<Scalars['ID']['output']>;
  /** The workspace's pipeline runs: the same as `Query.pipelineRuns` with this `projectId`. */
  pipelineRuns?: Maybe<PipelineRunConnection>;
  /** The workspace's number, as DataWorks shows it. */
  projectId: Scalars['ID']['output'];
  /** The status as DataWorks spelled it. Empty if none was sent. */
  rawStatus: Scalars['String']['output'];
  /** Null when this is fresh; otherwise why an older answer was served. */
  staleBecause?: Maybe<StaleReason>;
  /** Whether the workspace can be used. */
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

/** Whether a workspace can be used. */
export type ProjectStatus =
  /** In use. */
  | 'AVAILABLE'
  /** Deleting it failed. */
  | 'DELETE_FAILED'
  /** Being deleted. */
  | 'DELETING'
  /** Disabled by hand. */
  | 'FORBIDDEN'
  /** Frozen, for example for an unpaid bill. */
  | 'FROZEN'
  /** Being set up. */
  | 'INITIALIZING'
  /** Setting it up failed. */
  | 'INIT_FAILED'
  /** A status that this gateway does not know: see `rawStatus`. */
  | 'UNKNOWN'
  /** Updating it failed. */
  | 'UPDATE_FAILED'
  /** Being updated. */
  | 'UPDATING';

/**
 * Reads the deployment pipeline runs of Alibaba Cloud DataWorks workspaces. Answers come from a shared cache where that is fresh
 * enough, since DataWorks allows an account only a few calls a second: `asOf` and `staleBecause` say how fresh an answer is.
 */
export type Query = {
  __typename?: 'Query';
  /** Any object with a global id, or null if it does not exist. */
  node?: Maybe<Node>;
  /** Many objects by global id, in the order asked; null in the place of each that does not exist. At most 100. */
  nodes: Array<Maybe<Node>>;
  /** One pipeline run, or null if there is none of this id in the workspace. */
  pipelineRun?: Maybe<PipelineRun>;
  /**
   * The pipeline runs of one workspace, newest first as far as DataWorks returns them so. Ask for a window with Relay's cursor
   * arguments or for a numbered page with `page`, not both. With neither, the first 10; with only `before`, the last 10 before it.
   * Null, with an error, when DataWorks refuses or cannot be reached and nothing is known.
   */
  pipelineRuns?: Maybe<PipelineRunConnection>;
  /** One workspace, or null if the account has none of this number. */
  project?: Maybe<Project>;
};


/**
 * Reads the deployment pipeline runs of Alibaba Cloud DataWorks workspaces. Answers come from a shared cache where that is fresh
 * enough, since DataWorks allows an account only a few calls a second: `asOf` and `staleBecause` say how fresh an answer is.
 */
export type QueryNodeArgs = {
  id: Scalars['ID']['input'];
};


/**
 * Reads the deployment pipeline runs of Alibaba Cloud DataWorks workspaces. Answers come from a shared cache where that is fresh
 * enough, since DataWorks allows an account only a few calls a second: `asOf` and `staleBecause` say how fresh an answer is.
 */
export type QueryNodesArgs = {
  ids: Array<Scalars['ID']['input']>;
};


/**
 * Reads the deployment pipeline runs of Alibaba Cloud DataWorks workspaces. Answers come from a shared cache where that is fresh
 * enough, since DataWorks allows an account only a few calls a second: `asOf` and `staleBecause` say how fresh an answer is.
 */
export type QueryPipelineRunArgs = {
  projectId: Scalars['ID']['input'];
  runId: Scalars['ID']['input'];
};


/**
 * Reads the deployment pipeline runs of Alibaba Cloud DataWorks workspaces. Answers come from a shared cache where that is fresh
 * enough, since DataWorks allows an account only a few calls a second: `asOf` and `staleBecause` say how fresh an answer is.
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
 * Reads the deployment pipeline runs of Alibaba Cloud DataWorks workspaces. Answers come from a shared cache where that is fresh
 * enough, since DataWorks allows an account only a few calls a second: `asOf` and `staleBecause` say how fresh an answer is.
 */
export type QueryProjectArgs = {
  projectId: Scalars['ID']['input'];
};

/** Why an answer is older than its freshness allows. */
export type StaleReason =
  /** The account's allowance of upstream calls is spent for now. */
  | 'BUDGET'
  /** A newer one is being fetched: ask again in a moment. */
  | 'REFRESHING'
  /** DataWorks failed or could not be reached. */
  | 'UPSTREAM_ERROR';

/**
 * News of pipeline runs, over graphql-ws (the subprotocol `graphql-transport-ws`) at the URL of queries. The first event is the
 * present state. However many listen to one run or list, DataWorks is polled once, after all other calls: every few seconds while a
 * stage runs, and seldom while none does. What happens while a subscriber does not read arrives as one event.
 */
export type Subscription = {
  __typename?: 'Subscription';
  /** News of one run. Completes when the run is finished or gone. Polls that fail are told as `staleBecause`, once, with no change. */
  pipelineRunUpdated: PipelineRunUpdate;
  /**
   * News of the head of a list: of its newest runs, a hundred as the gateway is set up by default. What new runs push further down is
   * followed no more.
   */
  pipelineRunsUpdated: PipelineRunListUpdate;
};


/**
 * News of pipeline runs, over graphql-ws (the subprotocol `graphql-transport-ws`) at the URL of queries. The first event is the
 * present state. However many listen to one run or list, DataWorks is polled once, after all other calls: every few seconds while a
 * stage runs, and seldom while none does. What happens while a subscriber does not read arrives as one event.
 */
export type SubscriptionPipelineRunUpdatedArgs = {
  projectId: Scalars['ID']['input'];
  runId: Scalars['ID']['input'];
};


/**
 * News of pipeline runs, over graphql-ws (the subprotocol `graphql-transport-ws`) at the URL of queries. The first event is the
 * present state. However many listen to one run or list, DataWorks is polled once, after all other calls: every few seconds while a
 * stage runs, and seldom while none does. What happens while a subscriber does not read arrives as one event.
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
  PipelineRunConnection: ResolverTypeWrapper<PipelineRunWindow>;
  PipelineRunEdge: ResolverTypeWrapper<Omit<PipelineRunEdge, 'node'> & { node: ResolversTypes['PipelineRun'] }>;
  PipelineRunFilter: PipelineRunFilter;
  PipelineRunItem: ResolverTypeWrapper<PipelineRunItemModel>;
  PipelineRunItemConnection: ResolverTypeWrapper<PipelineRunItemWindow>;
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
  PipelineRunConnection: PipelineRunWindow;
  PipelineRunEdge: Omit<PipelineRunEdge, 'node'> & { node: ResolversParentTypes['PipelineRun'] };
  PipelineRunFilter: PipelineRunFilter;
  PipelineRunItem: PipelineRunItemModel;
  PipelineRunItemConnection: PipelineRunItemWindow;
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

