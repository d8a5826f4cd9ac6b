import type { Clock } from '../../src/core/clock.ts';
import type { PipelineRun } from '../../src/core/domain.ts';
import type { Action, Actions, UpstreamResult, CallContext, Upstream } from '../../src/core/upstream.ts';
import { UpstreamError } from '../../src/core/upstreamError.ts';

/** A call that waits for the test to respond. */
export interface HeldCall {
  action: Action;
  params: Actions[Action]['params'];
  context: CallContext;
  /** Responds with the current state of the upstream, dated at the time of the call. */
  answer: () => void;
  fail: (kind?: UpstreamError['kind'], retryAfterMs?: number) => void;
}

export interface FakeUpstream extends Upstream {
  /** Every call so far, as `ListPipelineRuns 1` or `GetPipelineRun run-3`. */
  readonly calls: string[];
  /** Calls since the last `newCalls()`. */
  newCalls(): string[];
  /** From now on, calls wait in `held`: on the wire, or in a queue before they are charged. */
  hold(where?: 'onWire' | 'inQueue'): void;
  readonly held: HeldCall[];
  /** From now on, calls fail; null ends it. */
  failWith(kind: UpstreamError['kind'] | null): void;
}

export interface Handlers {
  ListPipelineRuns?: (params: Actions['ListPipelineRuns']['params']) => Actions['ListPipelineRuns']['result'];
  GetPipelineRun?: (params: Actions['GetPipelineRun']['params']) => PipelineRun | null;
  ListPipelineRunItems?: (
    params: Actions['ListPipelineRunItems']['params'],
  ) => Actions['ListPipelineRunItems']['result'];
}

/** An upstream that answers from functions, counts, and can be held or made to fail. Projects exist whatever their id. */
export function createFakeUpstream(clock: Clock, handlers: Handlers): FakeUpstream {
  const calls: string[] = [];
  const held: HeldCall[] = [];
  let seen = 0;
  let holding: 'onWire' | 'inQueue' | null = null;
  let failure: UpstreamError['kind'] | null = null;

  return {
    calls,
    held,
    newCalls() {
      const fresh = calls.slice(seen);
      seen = calls.length;
      return fresh;
    },
    hold: (where = 'onWire') => void (holding = where),
    failWith: (kind) => void (failure = kind),
    async call(action, params, context) {
      calls.push(nameOf(action, params));
      if (holding !== 'inQueue') context.report({ type: 'attempt', action });
      const asOf = clock.now();
      const answerNow = () => ({ value: resultOf(action, params, handlers), asOf, staleBecause: null });
      if (failure !== null) throw new UpstreamError('It failed.', { kind: failure, action });
      if (holding === null) return answerNow() as UpstreamResult<Actions[typeof action]['result']>;
      return new Promise((resolve, reject) => {
        const fail = (kind: UpstreamError['kind'] = 'unavailable', retryAfterMs?: number) =>
          reject(
            new UpstreamError('It failed.', {
              kind,
              action,
              ...(retryAfterMs !== undefined && { retryAfterMs }),
            }),
          );
        context.signal?.addEventListener('abort', () => fail('timeout'));
        held.push({
          action,
          params,
          context,
          answer: () => resolve(answerNow() as UpstreamResult<Actions[typeof action]['result']>),
          fail,
        });
      });
    },
  };
}

export function runOf(
  runId: string,
  status: PipelineRun['status'] = 'SUCCEEDED',
  more: Partial<PipelineRun> = {},
): PipelineRun {
  return {
    runId,
    projectId: '1',
    createTime: 0,
    modifyTime: 0,
    creator: 'c',
    status,
    rawStatus: status,
    message: null,
    description: null,
    stages: [],
    ...more,
  };
}

/** A page of the given list, newest first. */
export function pageOf<Row>(
  rows: readonly Row[],
  { pageNumber, pageSize }: { pageNumber: number; pageSize: number },
) {
  const start = (pageNumber - 1) * pageSize;
  return { rows: rows.slice(start, start + pageSize), totalCount: rows.length, pageNumber, pageSize };
}

function nameOf(action: Action, params: Actions[Action]['params']): string {
  if ('projectIds' in params) return `${action} ${params.projectIds.join(',')}`;
  return `${action} ${'pageNumber' in params ? params.pageNumber : params.runId}`;
}

function resultOf(action: Action, params: Actions[Action]['params'], handlers: Handlers): unknown {
  if (action !== 'ListProjects') return handlers[action]?.(params as never);
  const { projectIds } = params as Actions['ListProjects']['params'];
  const rows = projectIds.map((projectId) => ({
    projectId,
    name: `project ${projectId}`,
    displayName: null,
    description: null,
    owner: null,
    status: 'AVAILABLE',
    rawStatus: 'Available',
  }));
  return { rows, totalCount: rows.length, pageNumber: 1, pageSize: 100 };
}
