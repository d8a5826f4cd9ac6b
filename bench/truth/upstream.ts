import type { Clock } from '../../src/core/clock.ts';
import type { PipelineRun } from '../../src/core/domain.ts';
import type { Action, Actions, CallContext, Page, Upstream } from '../../src/core/upstream.ts';
import { UpstreamError } from '../../src/core/upstreamError.ts';
import type { Model } from './model.ts';
import type { Dice } from '../../test/support/dice.ts';

/** The faults of the upstream. Probabilities are per call, 0 to 1. */
export interface Conditions {
  /** Of an error: 503, throttling, or something unreadable. */
  failures: number;
  /** Of no response within the time of an attempt. */
  hangs: number;
  /** Of a page that lacks rows, once. */
  shortPages: number;
  /** Rows of a page at most. */
  cap: number;
  /** Whether responses state the cap. */
  statesCap: boolean;
}

export const NO_FAULTS: Conditions = { failures: 0, hangs: 0, shortPages: 0, cap: Infinity, statesCap: true };

/** How long one attempt may take, in milliseconds. */
const TRY_MS = 250;

export interface ModelUpstream extends Upstream {
  conditions: Conditions;
  readonly calls: number;
}

/** Responds from the model, some time after the call was sent and before the response arrives. `asOf` is the time of sending, as in the client. */
export function createModelUpstream(model: Model, clock: Clock, dice: Dice): ModelUpstream {
  let calls = 0;
  const shortened = new Set<string>();
  const upstream: ModelUpstream = {
    conditions: NO_FAULTS,
    get calls() {
      return calls;
    },
    async call(action, params, context) {
      calls += 1;
      context.report({ type: 'attempt', action });
      const asOf = clock.now();
      const { failures, hangs } = upstream.conditions;
      if (dice.chance(hangs)) {
        await pause(Math.min(TRY_MS, context.deadline - asOf), context, action);
        throw new UpstreamError('No response in time.', { kind: 'timeout', action });
      }
      await pause(dice(20), context, action);
      if (dice.chance(failures)) {
        const kind = dice.pick(['unavailable', 'unavailable', 'throttled', 'invalidResponse'] as const);
        throw new UpstreamError('It failed.', { kind, action });
      }
      const value = resultOf(action, params) as Actions[typeof action]['result'];
      await pause(dice(20), context, action);
      return { value, asOf, staleBecause: null };
    },
  };
  return upstream;

  function pause(ms: number, { signal }: CallContext, action: Action): Promise<void> {
    return new Promise((resolve, reject) => {
      const cancel = clock.after(ms, resolve);
      signal?.addEventListener(
        'abort',
        () => {
          cancel();
          reject(new UpstreamError('The caller canceled.', { kind: 'timeout', action }));
        },
        { once: true },
      );
    });
  }

  function resultOf(action: Action, params: Actions[Action]['params']): unknown {
    if (action === 'ListPipelineRuns') return pageOf(params as Actions['ListPipelineRuns']['params']);
    if (action !== 'GetPipelineRun') throw new Error(`The model does not support ${action}.`);
    const { runId } = params as Actions['GetPipelineRun']['params'];
    return model.runs({}).find((run) => run.runId === runId) ?? null;
  }

  function pageOf({ filter, pageNumber, pageSize: asked }: Actions['ListPipelineRuns']['params']) {
    const { cap, statesCap, shortPages } = upstream.conditions;
    const pageSize = Math.min(asked, cap);
    const all = model.runs(filter);
    const rows = all.slice((pageNumber - 1) * pageSize, pageNumber * pageSize);
    const key = JSON.stringify([filter, pageNumber]);
    // The same wrong page twice is indistinguishable from a correct one.
    if (!shortened.delete(key) && dice.chance(shortPages)) {
      shortened.add(key);
      rows.splice(dice(rows.length + 1));
    }
    const page: Page<PipelineRun> = {
      rows,
      totalCount: all.length + model.extraTotal(),
      pageNumber,
      pageSize: statesCap ? pageSize : asked,
    };
    return page;
  }
}
