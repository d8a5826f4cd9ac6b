import type { PipelineRun, PipelineRunFilter, PipelineRunItem, Project } from './domain.ts';
import type { ReadCollector } from './readSet.ts';
import type { UpstreamError, UpstreamErrorKind } from './upstreamError.ts';

/** One numbered page (from 1) of an upstream list. */
export interface Page<Row> {
  rows: Row[];
  totalCount: number;
  pageNumber: number;
  pageSize: number;
}

/**
 * The read actions of DataWorks OpenAPI 2024-05-18 that the gateway uses, with our names for their parameters and
 * results. A run that does not exist is null; a project that does not exist is missing from the page.
 */
export interface Actions {
  ListPipelineRuns: {
    params: { projectId: string; filter: PipelineRunFilter; pageNumber: number; pageSize: number };
    result: Page<PipelineRun>;
  };
  GetPipelineRun: { params: { projectId: string; runId: string }; result: PipelineRun | null };
  ListPipelineRunItems: {
    params: { projectId: string; runId: string; pageNumber: number; pageSize: number };
    result: Page<PipelineRunItem>;
  };
  /** At most MAX_PROJECTS_PER_CALL ids. */
  ListProjects: { params: { projectIds: readonly string[] }; result: Page<Project> };
}

export type Action = keyof Actions;

/** Ids that one ListProjects call can have. */
export const MAX_PROJECTS_PER_CALL = 100;

/** Why an answer is older than its freshness allows. */
export type StaleReason = 'REFRESHING' | 'BUDGET' | 'UPSTREAM_ERROR';

/** A result and how far it can be trusted. */
export interface UpstreamResult<Result> {
  value: Result;
  /** When the value was last known true, in steady time. */
  asOf: number;
  /** Null while the value is as fresh as its kind must be. */
  staleBecause: StaleReason | null;
}

/** A thing with the freshness of the answer that it came in. The thing itself belongs to the cache and is the same for all. */
export type Dated<Thing> = Thing & Pick<UpstreamResult<unknown>, 'asOf' | 'staleBecause'>;

export type DatedPipelineRun = Dated<PipelineRun>;
export type DatedProject = Dated<Project>;

/** Who waits: a person, a background refresh, or a poller. Earlier ones go first. */
export type Priority = 'interactive' | 'refresh' | 'polling';

/** On whose behalf calls are made: the unit of fairness, and of limits that are not the account's. */
export interface Caller {
  /** Unique among all callers. */
  id: string;
  /** The most upstream calls that may be made for the caller in any second; absent or null without such a limit. */
  maxCallsPerSecond?: number | null;
  /** The same for a calendar day. */
  maxCallsPerDay?: number | null;
}

/** Whether a call is made for a caller with limits of its own. */
export function hasLimits(caller: Caller | undefined): caller is Caller {
  return caller?.maxCallsPerSecond != null || caller?.maxCallsPerDay != null;
}

/** What one operation passes down to every call that it causes. */
export interface CallContext {
  /** When the answer must have arrived at the latest, in steady time. */
  deadline: number;
  priority: Priority;
  /** Default: the gateway itself. */
  caller?: Caller | undefined;
  /** Whether the call finds out if a failing action works again. It takes the next permit, ahead of every priority. */
  isProbe?: boolean;
  /** Identifies what is requested. A call that is refused for want of quota reserves its next attempt by it. Default: it reserves nothing. */
  key?: string | undefined;
  /** How much a refresh matters: the one with the highest value is sent first. Grows while it waits. Default: 0. */
  readonly urgency?: number;
  /** Fires when the caller no longer waits. */
  signal?: AbortSignal;
  /** An answer last known true before this time (steady) is not accepted. */
  notBefore?: number | undefined;
  /** Whether an answer that is past its freshness is read anew instead of being served stale. */
  freshOnly?: boolean | undefined;
  /** Collects what the operation's answer is made from. Default: nobody needs to know. */
  reads?: ReadCollector | undefined;
  /** The W3C trace context to pass on with the call, if the operation is traced. */
  traceparent?: string | undefined;
  /** Told of everything that happens to the call. Must not throw. */
  report: (event: CallEvent) => void;
}

/**
 * The same context with other fields. Its priority stays live: it can rise while the call waits for its turn. The other fields are
 * inherited, which takes a twentieth of the time of a copy with a getter: each call passes here several times.
 */
export function withChanges<Context extends CallContext>(
  context: Context,
  changes: Partial<Omit<CallContext, 'priority'>>,
): Context {
  return Object.assign(Object.create(context) as Context, changes);
}

/** The context of a call whose answer must not be older than `asOf`. */
export function notOlderThan<Context extends CallContext>(asOf: number, context: Context): Context {
  return asOf > (context.notBefore ?? -Infinity) ? withChanges(context, { notBefore: asOf }) : context;
}

/** A context that also records whether the call was sent. */
export function withSentMark(
  context: CallContext,
  changes: Pick<CallContext, 'signal' | 'isProbe'> = {},
): CallContext & { isSent: boolean } {
  const marked = Object.assign(withChanges(context, changes), { isSent: false });
  marked.report = (event) => {
    marked.isSent ||= event.type === 'attempt';
    context.report(event);
  };
  return marked;
}

export type CallEvent =
  | { type: 'hit' | 'miss' | 'shared'; action: Action }
  | { type: 'stale'; action: Action; because: StaleReason }
  | { type: 'attempt'; action: Action }
  | {
      type: 'outcome';
      action: Action;
      durationMs: number;
      error: UpstreamError | null;
      requestId: string | null;
    }
  | { type: 'retry'; action: Action; delayMs: number; kind: UpstreamErrorKind }
  | { type: 'undecodable'; action: Action; what: Undecodable; count: number };

/** What of an answer could not be used: a field that is left out, a row that is a placeholder, or a run of another project. */
export type Undecodable = 'field' | 'row' | 'foreignProject';

/** The one seam of the gateway: everything between the loaders and the wire has this shape. */
export interface Upstream {
  /** Rejects with an `UpstreamError`, and with nothing else unless there is a bug. */
  call<A extends Action>(
    action: A,
    params: Actions[A]['params'],
    context: CallContext,
  ): Promise<UpstreamResult<Actions[A]['result']>>;
}

/** An upstream that can reject some calls without sending them. */
export interface CheckingUpstream extends Upstream {
  /** @throws UpstreamError for a call that would not be sent */
  validate<A extends Action>(action: A, params: Actions[A]['params']): void;
}

/** A read-only view of what is cached. */
export interface CacheView {
  /** The fresh answer to a call, or null if an upstream call would be needed. Makes no call and changes nothing. */
  peek<A extends Action>(
    action: A,
    params: Actions[A]['params'],
  ): UpstreamResult<Actions[A]['result']> | null;
}
