/**
 * The words that every room shares: the domain as the gateway sees it, and the one shape, `Upstream`, that the client,
 * the budget, resilience, the cache and the test fake all have. Rooms never import each other; they meet here.
 */

/** JSON as an answer can carry it. Integers that a double cannot hold are strings, so that no digit is lost. */
export type JsonValue = string | number | boolean | null | JsonValue[] | { [key: string]: JsonValue };

export type PipelineRunStatus =
  'INIT' | 'RUNNING' | 'SUCCEEDED' | 'FAILED' | 'TERMINATED' | 'CANCELED' | 'UNKNOWN';

export type PipelineStageType = 'DEPLOY' | 'CHECK' | 'OFFLINE' | 'BUILD' | 'DELETE' | 'UNKNOWN';

export type PipelineItemType = 'NODE' | 'WORKFLOW_DEFINITION' | 'RESOURCE' | 'FUNCTION' | 'UNKNOWN';

export type ProjectStatus =
  | 'AVAILABLE'
  | 'INITIALIZING'
  | 'INIT_FAILED'
  | 'FORBIDDEN'
  | 'DELETING'
  | 'DELETE_FAILED'
  | 'FROZEN'
  | 'UPDATING'
  | 'UPDATE_FAILED'
  | 'UNKNOWN';

/** One run of a deployment pipeline. Times are epoch milliseconds; texts are trimmed, and null when empty or absent. */
export interface PipelineRun {
  /** The upstream's `Id`, a UUID. */
  runId: string;
  projectId: string;
  createTime: number | null;
  modifyTime: number | null;
  creator: string | null;
  status: PipelineRunStatus;
  /** The status as the upstream spelled it; empty when it sent none. */
  rawStatus: string;
  message: string | null;
  description: string | null;
  /** In the order of `step`. */
  stages: PipelineRunStage[];
}

export interface PipelineRunStage {
  code: string;
  step: number;
  type: PipelineStageType;
  rawType: string;
  name: string | null;
  description: string | null;
  message: string | null;
  status: PipelineRunStatus;
  rawStatus: string;
  /** Whatever the check or deployment reported, with JSON text inside it decoded. */
  detail: JsonValue;
}

/** One object (node, workflow, resource or function) that a run publishes. */
export interface PipelineRunItem {
  /** The upstream's `Id`: up to 19 digits, so a string. */
  itemId: string;
  name: string | null;
  type: PipelineItemType;
  rawType: string;
  status: PipelineRunStatus;
  rawStatus: string;
  message: string | null;
  version: string | null;
  createTime: number | null;
  modifyTime: number | null;
  /** The FlowSpec document, decoded. */
  spec: JsonValue;
}

/** A DataWorks workspace. */
export interface Project {
  projectId: string;
  name: string | null;
  displayName: string | null;
  description: string | null;
  owner: string | null;
  status: ProjectStatus;
  rawStatus: string;
}

/** Whether a text can be an id of DataWorks: 1 to 128 printable characters without white space around them. */
export function isIdText(text: string): boolean {
  return ID_TEXT.test(text) && text === text.trim();
}

const ID_TEXT = /^[^\p{Cc}\p{Cs}\p{Zl}\p{Zp}]{1,128}$/u;

/**
 * The id of a placeholder for a row that arrived without a readable one. DataWorks has no object of this id. New rows at the head
 * of a list leave the distance from its end as it is.
 *
 * @param fromEnd the distance from the end of the list: 1 for the last row
 */
export function placeholderId(fromEnd: number): string {
  return `unreadable:${fromEnd}`;
}

export function isPlaceholderId(id: string): boolean {
  return id.startsWith('unreadable:');
}

/** One numbered page (from 1) of an upstream list. */
export interface Page<Row> {
  rows: Row[];
  totalCount: number;
  pageNumber: number;
  pageSize: number;
}

/** The part of a list that one connection shows. */
export interface Window<Row> {
  edges: WindowEdge<Row>[];
  totalCount: number;
  hasNextPage: boolean;
  hasPreviousPage: boolean;
  /** Epoch milliseconds: the oldest of the pages that the window was cut from. */
  asOf: number;
  staleBecause: StaleReason | null;
}

/** A row and the cursor that names it in its list. */
export interface WindowEdge<Row> {
  node: Row;
  cursor: string;
}

export type PipelineRunWindow = Window<PipelineRun>;
export type PipelineRunItemWindow = Window<PipelineRunItem>;

/** Which rows of a list a connection asks for. Cursors are still opaque here. */
export type WindowRequest =
  | { by: 'offset'; offset: number; limit: number }
  | { by: 'cursor'; from: 'start' | 'end'; count: number; after: string | null; before: string | null };

/** What narrows a list of runs. The status is never UNKNOWN: the upstream has no word for it. */
export interface PipelineRunFilter {
  status?: Exclude<PipelineRunStatus, 'UNKNOWN'>;
  creator?: string;
  objectId?: string;
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
  /** At most 100 ids a call. */
  ListProjects: { params: { projectIds: readonly string[] }; result: Page<Project> };
}

export type Action = keyof Actions;

/** Why an answer is older than its freshness allows. */
export type StaleReason = 'REFRESHING' | 'BUDGET' | 'UPSTREAM_ERROR';

/** A result and how far it can be trusted. */
export interface Answer<Result> {
  value: Result;
  /** Epoch milliseconds at which the value was last known true. */
  asOf: number;
  /** Null while the value is as fresh as its kind must be. */
  staleBecause: StaleReason | null;
}

/** A thing with the freshness of the answer that it came in. The thing itself belongs to the cache and is the same for all. */
export type Dated<Thing> = Thing & Pick<Answer<unknown>, 'asOf' | 'staleBecause'>;

export type DatedPipelineRun = Dated<PipelineRun>;
export type DatedProject = Dated<Project>;

/** An answer that is remembered, and for how long it may be. */
export interface Remembered<Result> extends Answer<Result> {
  /** Epoch milliseconds from which on it is no longer as fresh as its kind must be, or is so by an allowance's leave only. */
  freshUntil: number;
}

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

/** What one operation passes down to every call that it causes. */
export interface CallContext {
  /** Epoch milliseconds (of the clock in use) by which an answer must be there. */
  deadline: number;
  priority: Priority;
  /** Default: the gateway itself. */
  caller?: Caller | undefined;
  /** Whether the call finds out if a failing action works again. It takes the next permit, ahead of every priority. */
  isProbe?: boolean;
  /** Fires when the caller no longer waits. */
  signal?: AbortSignal;
  /** An answer last known true before this time (epoch milliseconds) will not do. */
  notBefore?: number | undefined;
  /** Whether an answer that is past its freshness is read anew instead of being served stale. */
  freshOnly?: boolean | undefined;
  /** The W3C trace context to pass on with the call, if the operation is traced. */
  traceparent?: string | undefined;
  /** Told of everything that happens to the call. Must not throw. */
  report: (event: CallEvent) => void;
}

/**
 * The same context with other fields. Its priority stays live: it can rise while the call waits for its turn. The other fields are
 * inherited, which takes a twentieth of the time of a copy with a getter: each call passes here several times.
 */
export function withChanges(
  context: CallContext,
  changes: Partial<Omit<CallContext, 'priority'>>,
): CallContext {
  return Object.assign(Object.create(context) as CallContext, changes);
}

/** A context that also records whether the call was sent. */
export function withSentMark(context: CallContext): { context: CallContext; isSent: () => boolean } {
  let isSent = false;
  const report = (event: CallEvent) => {
    isSent ||= event.type === 'attempt';
    context.report(event);
  };
  return { context: withChanges(context, { report }), isSent: () => isSent };
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
  ): Promise<Answer<Actions[A]['result']>>;
}

/** An upstream that can refuse some calls without sending them. */
export interface CheckingUpstream extends Upstream {
  /** Why the call would not be sent, or null. */
  refusalOf<A extends Action>(action: A, params: Actions[A]['params']): UpstreamError | null;
}

/** An upstream that remembers, and can be asked what it would answer without any call at all. */
export interface CachedUpstream extends Upstream {
  /** The fresh answer to this very call, or null where one would be made. Changes nothing. */
  peek<A extends Action>(action: A, params: Actions[A]['params']): Answer<Actions[A]['result']> | null;
  /** As `peek`, but counted as asked for, as a call is; to be asked again and again. */
  recaller<A extends Action>(
    action: A,
    params: Actions[A]['params'],
  ): () => Remembered<Actions[A]['result']> | null;
}

/** What an operation's answer was made from. Can outlive the operation, and holds nothing of what it was made from. */
export interface Sources {
  /** The action of each call that was answered, from memory or not. */
  readonly actions: readonly Action[];
  /**
   * How fresh all of it is. Null where the answer would come out differently now: something of it is stale or has been read anew
   * since, or a call had failed; and where it was made from nothing. Counts as asking for all of it.
   */
  freshness(): Freshness | null;
}

/** Of several things at once. Epoch milliseconds. */
export interface Freshness {
  /** When the oldest of them was last known true. */
  asOf: number;
  /** When the first of them stops being fresh. */
  freshUntil: number;
}

/** What went wrong, as far as policies and callers need to tell it apart. */
export type UpstreamErrorKind =
  /** DataWorks refused the gateway's credentials, or they could not be had. */
  | 'credentials'
  /** The credentials are good, but not for this project or action. */
  | 'forbidden'
  /** The request was understood and refused: repeating it changes nothing. */
  | 'rejected'
  /** Too many calls a second. */
  | 'throttled'
  /** The day's or the edition's allowance is used up. */
  | 'quotaExhausted'
  /** No whole answer within the time given. */
  | 'timeout'
  /** Unreachable, or answering with an error of its own. */
  | 'unavailable'
  /** Answered with something that is not what the protocol says. */
  | 'invalidResponse';

export interface UpstreamErrorDetails {
  kind: UpstreamErrorKind;
  action: Action;
  /** The upstream's error code, or null where none arrived. */
  code?: string | null;
  /** The upstream's request id, for a support ticket. */
  requestId?: string | null;
  /** How long to wait before the same call can succeed, in milliseconds. */
  retryAfterMs?: number | null;
  /** Whether a limit of the caller's own refused the call, which says nothing to other callers. Default: no. */
  isCallerLimit?: boolean;
  /** Of an invalid response: whether it is no JSON at all, such as a proxy's page or half an answer. Default: no. */
  isNotJson?: boolean;
}

/**
 * A failed upstream call. The message is safe to show a caller: it holds no URL, query, host, credential or upstream
 * text. Everything that a policy decides on is a field.
 */
export class UpstreamError extends Error {
  override readonly name = 'UpstreamError';
  readonly kind: UpstreamErrorKind;
  readonly action: Action;
  readonly code: string | null;
  readonly requestId: string | null;
  readonly retryAfterMs: number | null;
  readonly isCallerLimit: boolean;
  readonly isNotJson: boolean;

  constructor(message: string, details: UpstreamErrorDetails) {
    super(message);
    this.kind = details.kind;
    this.action = details.action;
    this.code = details.code ?? null;
    this.requestId = details.requestId ?? null;
    this.retryAfterMs = details.retryAfterMs ?? null;
    this.isCallerLimit = details.isCallerLimit ?? false;
    this.isNotJson = details.isNotJson ?? false;
  }
}

/** Time as a value, so that a test can hold it still. */
export interface Clock {
  /** Epoch milliseconds by the wall clock, which can jump. */
  now(): number;
  /** Milliseconds that only ever go forward; the zero is arbitrary. */
  monotonic(): number;
  /** Runs `task` after `delayMs` milliseconds; the returned function calls it off. */
  after(delayMs: number, task: () => void): () => void;
}

export const systemClock: Clock = {
  now: () => Date.now(),
  monotonic: () => performance.now(),
  after(delayMs, task) {
    const timer = setTimeout(task, delayMs);
    return () => {
      clearTimeout(timer);
    };
  },
};
