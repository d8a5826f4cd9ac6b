import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import type { IncomingMessage } from 'node:http';

import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';

import type { Simulator } from '../../simulator/server.ts';
import { startSimulator } from '../../simulator/server.ts';
import { callWithSdk, type Params, type SdkResponse } from '../support/sdkCall.ts';

let simulator: Simulator;
let now = 0;
let timers: { at: number; task: () => void }[] = [];

beforeEach(async () => {
  now = Date.parse('2026-03-30T08:00:00Z');
  timers = [];
  simulator = await startSimulator({ now: () => now, after, qps: null });
});

afterEach(() => simulator.close());

describe('an error fault', () => {
  test.each([
    [{ kind: 'throttle' }, 429, 'Throttling.User', 'too frequent'],
    [{ kind: 'throttle', guise: 'Throttling.Api' }, 429, 'Throttling.Api', 'too frequent'],
    [{ kind: 'throttle', guise: 'Throttling' }, 400, 'Throttling', 'denied'],
    [{ kind: 'throttle', guise: '9990020002' }, 429, 9990020002, 'Throttling.User'],
    [{ kind: 'throttle', guise: '9990020002 as 400' }, 400, 9990020002, 'Throttling.User'],
    [{ kind: 'dailyLimit' }, 429, 'Throttling.Api.Risk', 'exceeded your daily available limit'],
    [{ kind: 'http5xx' }, 500, 'InternalError.System', ''],
    [{ kind: 'http5xx', code: 'ServiceUnavailable' }, 503, 'ServiceUnavailable', ''],
    [{ kind: 'http5xx', code: 'Invalid.Wkbench.Parameter' }, 500, 'Invalid.Wkbench.Parameter', ''],
    [{ kind: 'http5xx', code: 'Forbidden.Not.Server' }, 500, 'Forbidden.Not.Server', ''],
    [
      { kind: 'error', httpStatus: 403, code: 'Forbidden.Access', message: 'Later' },
      403,
      'Forbidden.Access',
      'Later',
    ],
  ] as const)('%j answers %s %s', async (fault, statusCode, code, message) => {
    simulator.fault({ ...fault, times: 1 });
    const error = await failureOf(list());
    expect(error).toMatchObject({ statusCode, code: String(code), data: { Code: code } });
    expect(error.message).toContain(message);
    await list();
    expect(simulator.calls.map((call) => call.outcome)).toEqual([String(code), 'OK']);
  });

  test('can include Retry-After', async () => {
    // The SDK drops the headers of an error, so the test reads them without it.
    const channel = 'http.client.response.finish';
    const seen: unknown[] = [];
    const look = (message: unknown) =>
      seen.push((message as { response: IncomingMessage }).response.headers['x-acs-retry-after']);
    subscribe(channel, look);
    simulator.fault({ kind: 'throttle', retryAfterMs: 700 });
    await failureOf(list());
    unsubscribe(channel, look);
    expect(seen).toEqual(['700']);
  });
});

describe('a transport fault', () => {
  // What the SDK makes of each: a status that is lost, a success that is none, or a connection error.
  test.each(['html502', 'empty500', 'xmlError'] as const)('%s is a SyntaxError of the SDK', async (kind) => {
    simulator.fault({ kind });
    expect(await failureOf(list())).toMatchObject({ name: 'SyntaxError' });
    expect(simulator.calls).toEqual([expect.objectContaining({ outcome: kind, faults: [kind] })]);
  });

  test.each(['dropBeforeHeaders', 'dropMidBody'] as const)('%s is a reset connection', async (kind) => {
    simulator.fault({ kind });
    expect(await failureOf(list())).toMatchObject({ code: 'ECONNRESET' });
  });

  test.each([
    ['truncatedJson', 200, /^\{"RequestId".*[^}]$/],
    ['html200', 200, /^<html>/],
    ['empty200', 200, /^$/],
    ['redirect', 302, /^$/],
  ] as const)('%s is an answer with status %s', async (kind, statusCode, body) => {
    simulator.fault({ kind });
    const answer = await listRaw();
    expect(answer.statusCode).toBe(statusCode);
    expect(answer.body).toMatch(body);
  });

  test.each(['hangBeforeHeaders', 'hangMidBody'] as const)(
    '%s lasts until the simulator closes',
    async (kind) => {
      const fault = simulator.fault({ kind });
      const failure = failureOf(list());
      await fault.hit(1);
      await simulator.close();
      expect(await failure).toMatchObject({ code: 'ECONNRESET' });
    },
  );
});

describe('a list fault', () => {
  test('can reverse the order across all pages', async () => {
    simulator.fault({ kind: 'reorder', order: 'oldestFirst' });
    const oldestFirst = truthIds().reverse();
    expect(await listedIds({ PageNumber: 2, PageSize: 30 })).toEqual(oldestFirst.slice(30, 60));
  });

  test('can shuffle it by id', async () => {
    simulator.fault({ kind: 'reorder', order: 'byId' });
    expect(await listedIds({ PageSize: 100 })).toEqual(truthIds().sort().slice(0, 100));
  });

  test.each([
    { silent: false, stated: 50 },
    { silent: true, stated: 100 },
  ])('can cap the page size: silent $silent', async ({ silent, stated }) => {
    simulator.fault({ kind: 'capPageSize', silent });
    const { PagingInfo } = await list({ PageNumber: 2, PageSize: 100 });
    expect(PagingInfo.PageSize).toBe(stated);
    expect(PagingInfo.PipelineRuns.map((run) => run.Id)).toEqual(truthIds().slice(50, 100));
  });

  test('can report more rows than exist', async () => {
    simulator.fault({ kind: 'inflateTotal', rows: 7 });
    const { PagingInfo } = await list({ PageSize: 100 });
    expect(PagingInfo.TotalCount).toBe(truthIds().length + 7);
    expect(PagingInfo.PipelineRuns.map((run) => run.Id)).toEqual(truthIds().slice(0, 100));
  });

  test('can leave one page empty', async () => {
    simulator.fault({ kind: 'emptyPage', params: { PageNumber: '2' } });
    expect((await list({ PageNumber: 2, PageSize: 10 })).PagingInfo).toMatchObject({
      TotalCount: truthIds().length,
      PipelineRuns: [],
    });
    expect((await list({ PageNumber: 3, PageSize: 10 })).PagingInfo.PipelineRuns).toHaveLength(10);
  });

  test('can return unknown enum values', async () => {
    simulator.fault({ kind: 'unknownEnums' });
    const [run] = (await list()).PagingInfo.PipelineRuns;
    expect(run).toMatchObject({
      Status: 'Suspended',
      Stages: [{ Status: 'Suspended', Type: 'Audit' }, {}, {}],
    });
  });

  test('can return every number as a string', async () => {
    simulator.fault({ kind: 'numbersAsStrings' });
    const text = (await listRaw()).body;
    expect(text.replace(/"(\\.|[^"\\])*"/g, '')).not.toMatch(/\d/);
    const [run] = (JSON.parse(text) as Body).PagingInfo.PipelineRuns;
    expect(run).toMatchObject({ ProjectId: '10001', CreateTime: expect.stringMatching(/^\d{13}$/) });
  });
});

describe('a hold', () => {
  test('delays a call until its release, and responds with the state at that time', async () => {
    const hold = simulator.fault({ kind: 'hold', times: 1 });
    const held = listedIds();
    await hold.hit(1);
    const [added] = simulator.addRuns('10001', 1);
    expect((await listedIds())[0]).toBe(added!.id);
    expect(simulator.calls.map((call) => call.outcome)).toEqual(['pending', 'OK']);
    hold.release();
    expect((await held)[0]).toBe(added!.id);
  });

  test('responds with the state at arrival if configured', async () => {
    const before = truthIds().slice(0, 10);
    const hold = simulator.fault({ kind: 'hold', answerFrom: 'arrival' });
    const held = listedIds();
    await hold.hit(1);
    simulator.addRuns('10001', 1);
    hold.release();
    expect(await held).toEqual(before);
  });

  test('releases its calls when it is removed', async () => {
    const remove = simulator.fault({ kind: 'hold' });
    const held = [list(), list()];
    await remove.hit(2);
    remove();
    await Promise.all(held);
    await list();
    expect(remove.hits).toBe(2);
  });

  test('ends when the simulator closes', async () => {
    const hold = simulator.fault({ kind: 'hold' });
    const failure = failureOf(list());
    await hold.hit(1);
    await simulator.close();
    expect(await failure).toMatchObject({ code: 'ECONNRESET' });
  });
});

describe('faults', () => {
  test('delay with the injected timer', async () => {
    const fault = simulator.fault({ kind: 'latency', delayMs: 800 });
    const answer = list();
    await fault.hit(1);
    expect(timers.map((timer) => timer.at - now)).toEqual([800]);
    expect(simulator.calls[0]!.outcome).toBe('pending');
    timers[0]!.task();
    await answer;
    expect(simulator.calls[0]).toMatchObject({ outcome: 'OK', faults: ['latency'] });
  });

  test('affect only the calls that match their scope', async () => {
    const fault = simulator.fault({
      kind: 'http5xx',
      action: 'ListPipelineRuns',
      params: { PageNumber: '2' },
    });
    await list({ PageNumber: 1 });
    await call('GetProject', { Id: 10_001 });
    await call('ListDeployments', { ProjectId: 10_001, PageNumber: 2 });
    expect(fault.hits).toBe(0);
    await failureOf(list({ PageNumber: 2 }));
    expect(fault.hits).toBe(1);
  });

  test('that replace the response are applied in order, and other kinds combine', async () => {
    simulator.fault({ kind: 'http5xx', times: 1 });
    simulator.fault({ kind: 'dailyLimit', times: 1 });
    simulator.fault({ kind: 'capPageSize', pageSize: 3, times: 3 });
    await failureOf(list());
    await failureOf(list());
    expect((await list()).PagingInfo.PipelineRuns).toHaveLength(3);
    expect(simulator.calls.map((call) => call.faults)).toEqual([
      ['http5xx', 'capPageSize'],
      ['dailyLimit', 'capPageSize'],
      ['capPageSize'],
    ]);
  });

  test('with a probability affect the same calls for the same seed', async () => {
    const outcomesOf = async (seed: number) => {
      simulator.calls.clear();
      const remove = simulator.fault({ kind: 'empty200', probability: 0.5, seed });
      for (let turn = 0; turn < 20; turn++) await listRaw();
      remove();
      return simulator.calls.map((call) => call.outcome);
    };
    const first = await outcomesOf(7);
    expect(new Set(first)).toEqual(new Set(['OK', 'empty200']));
    expect(await outcomesOf(7)).toEqual(first);
    expect(await outcomesOf(8)).not.toEqual(first);
  });
});

describe('the controls over HTTP', () => {
  test('set and clear faults without a signature', async () => {
    const fault = { kind: 'throttle', times: 2 };
    expect((await admin('POST', 'faults', fault)).status).toBe(201);
    await failureOf(list());
    expect(await (await admin('GET', 'faults')).json()).toEqual([fault]);
    expect((await admin('DELETE', 'faults')).status).toBe(204);
    await list();
    expect(await (await admin('GET', 'faults')).json()).toEqual([]);
  });

  test('list the calls, excluding their own requests', async () => {
    await list({ PageSize: 20 });
    expect(await (await admin('GET', 'calls')).json()).toMatchObject({
      maxCallsInAnySecond: 1,
      calls: [{ action: 'ListPipelineRuns', params: { ProjectId: '10001', PageSize: '20' }, outcome: 'OK' }],
    });
    expect((await admin('DELETE', 'calls')).status).toBe(204);
    expect(simulator.calls).toEqual([]);
  });

  test.each([
    [{ kind: 'earthquake' }, 400, /^Expected a kind, one of latency, /],
    [{ kind: 'latency' }, 400, /^latency needs delayMs/],
    [null, 400, /^Expected a kind/],
  ])('refuse %j', async (fault, status, message) => {
    const answer = await admin('POST', 'faults', fault);
    expect(answer.status).toBe(status);
    expect(((await answer.json()) as { error: string }).error).toMatch(message);
  });

  test('reject requests that another site could send, and unknown paths', async () => {
    const url = `${simulator.url}/__simulator/faults`;
    expect((await fetch(url, { method: 'POST', body: '{"kind":"html502"}' })).status).toBe(415);
    expect((await admin('GET', 'else')).status).toBe(404);
  });
});

interface Body {
  PagingInfo: { PageSize: number; TotalCount: number; PipelineRuns: { Id: string }[] };
}

function after(delayMs: number, task: () => void): () => void {
  timers.push({ at: now + delayMs, task });
  return () => undefined;
}

function admin(method: string, path: string, body?: unknown): Promise<Response> {
  return fetch(`${simulator.url}/__simulator/${path}`, {
    method,
    headers: { 'content-type': 'application/json' },
    ...(body !== undefined && { body: JSON.stringify(body) }),
  });
}

function truthIds(): string[] {
  return simulator.runs('10001').map((run) => run.id);
}

async function listedIds(params: Params = {}): Promise<string[]> {
  return (await list(params)).PagingInfo.PipelineRuns.map((run) => run.Id);
}

async function list(params: Params = {}): Promise<Body> {
  return JSON.parse((await listRaw(params)).body) as Body;
}

function listRaw(params: Params = {}): Promise<SdkResponse> {
  return call('ListPipelineRuns', { ProjectId: 10_001, ...params });
}

async function failureOf(promise: Promise<unknown>): Promise<Error> {
  try {
    await promise;
  } catch (error) {
    return error as Error;
  }
  throw new Error('Expected a failure.');
}

function call(action: string, query: Params): Promise<SdkResponse> {
  return callWithSdk(simulator, action, { query });
}
