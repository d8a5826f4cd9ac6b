import type { DocumentNode, GraphQLResolveInfo, GraphQLSchema, OperationDefinitionNode } from 'graphql';
import type { Live } from './live/live.ts';
import type { Loaders } from './loaders/loaders.ts';
import type { Sources, StaleReason } from './model.ts';

/** What resolvers get besides their arguments: made anew for every operation. */
export interface GatewayContext {
  requestId: string;
  viewer: Viewer;
  loaders: Loaders;
  live: Live;
  cost: OperationCost;
  output: OutputBudget;
  /** What has been read for it so far. */
  sources: Sources;
  /** Which parts of its answer are stale. */
  staleParts: StaleParts;
}

/** Collects the parts of one answer that are older than their freshness allows. */
export interface StaleParts {
  add(path: ResponsePath, reason: StaleReason): void;
  /** What `extensions` says of those that are in `data`, or null while everything there is fresh. */
  extensions(data: unknown): StaleExtensions | null;
}

/** A place in an answer, from the inside out, as graphql-js gives it to resolvers. */
export type ResponsePath = GraphQLResolveInfo['path'];

export interface StaleExtensions {
  stale: { path: (string | number)[]; reason: StaleReason }[];
  /** How many more parts are stale than `stale` lists. Absent where it lists all. */
  staleOmitted?: number;
}

/** What an operation costs, in upstream calls. */
export interface OperationCost {
  /** The most that one of the caller's operations may need. */
  ceiling: number;
  /**
   * How many the operation could need at worst, given what is cached now. Makes no call.
   *
   * @throws BAD_USER_INPUT for variables that do not fit their types
   */
  atWorst(operation: ResolvedOperation): number;
  /** What has come of it so far. */
  report(): CostReport;
}

/** How large an operation's answer may become. Bounds what no count before execution can know. */
export interface OutputBudget {
  /** Objects of the answer as counted before execution; of a subscription, those of one event. */
  countedObjects: number;
  /**
   * Charges the objects of a list whose length DataWorks sets. False once they are more than an answer may have: the list is left
   * out then, and the whole answer replaced at the end.
   */
  charge(objects: number): boolean;
  /** The error that stands in place of the whole answer; null while the budget lasts. */
  readonly exceeded: Error | null;
}

/** An operation whose document is valid, with variables as they came. */
export interface ResolvedOperation {
  schema: GraphQLSchema;
  document: DocumentNode;
  operation: OperationDefinitionNode;
  variables: Readonly<Record<string, unknown>>;
}

/** `extensions.cost`, for callers that send the header `gateway-cost: 1`. */
export interface CostReport {
  /** Upstream calls that the operation could have needed at worst, when it came. */
  atWorst: number;
  /** The most that it may need. */
  ceiling: number;
  /** Upstream calls that it made, retries included. Refreshes in the background are nobody's. */
  used: number;
  /** Look-ups that needed no call of their own: fresh, stale, or part of a call that was under way. */
  fromCache: { fresh: number; stale: number; shared: number };
  /**
   * What the account may still spend in each window; null where it has no limit. Null as a whole for viewers without the
   * capability `budget`: it shows what all callers together have spent.
   */
  budgetLeft: { second: number | null; day: number | null; month: number | null } | null;
}

/** Who asks, and what they may see and do. Never holds what they proved it with. */
export interface Viewer {
  /** As operators know the caller: a token's name or a JWT's subject. */
  name: string;
  /** Distinguishes the caller from all others, whatever proved who they are: what is counted per caller is counted by this. */
  callerId: string;
  /** All that decides what they see and may do, as text: who have the same get the same answers. */
  scope: string;
  mayRead(projectId: string): boolean;
  may(capability: Capability): boolean;
  /** The most upstream calls that one of the caller's operations may need; null for the gateway's own limit. */
  maxOperationCalls: number | null;
  /** The most upstream calls that may be made for the caller in any second and in a day; null for no limit of its own. */
  maxCallsPerSecond: number | null;
  maxCallsPerDay: number | null;
  /** Epoch milliseconds at which the proof of who they are ends, and with it what goes on by it; null for never. */
  expiresAt: number | null;
}

/** What is not everybody's, besides projects. */
export const CAPABILITIES = [
  /** To ask for the schema where INTROSPECTION is off. */
  'introspect',
  /** To use the fields that federation adds for its router, `_entities` and `_service`. */
  'federation',
  /** To read /metrics. */
  'metrics',
  /** To see in `extensions.cost` what the whole account may still spend. */
  'budget',
] as const;

export type Capability = (typeof CAPABILITIES)[number];

/** The viewer of a gateway that only its own machine can reach. INTROSPECTION alone decides about the schema. */
export const anonymous: Viewer = {
  name: 'anonymous',
  callerId: 'anonymous',
  scope: 'anonymous',
  mayRead: () => true,
  may: (capability) => capability !== 'introspect',
  maxOperationCalls: null,
  maxCallsPerSecond: null,
  maxCallsPerDay: null,
  expiresAt: null,
};
