import { readFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import type { PipelineRunFilter } from '../../src/core/domain.ts';
import type { Action, Actions, CallContext, CallEvent } from '../../src/core/upstream.ts';
import type { UpstreamErrorKind } from '../../src/core/upstreamError.ts';
import { createClient } from '../../src/upstream/client.ts';
import { createCredentialSource } from '../../src/upstream/credentials.ts';
import type { CredentialSource } from '../../src/upstream/credentials.ts';
import { createVirtualClock } from '../support/virtualClock.ts';

const sampleText = readFileSync(new URL('../fixtures/listPipelineRuns.json', import.meta.url), 'utf8');
const fixed = {
  getCredential: () => Promise.resolve({ accessKeyId: 'test-key-id', accessKeySecret: 'test-key-secret' }),
};
const tryTimeoutMs = 1000;

interface Seen {
  method: string;
  action: string;
  version: string;
  query: Record<string, string>;
  form: Record<string, string>;
}

type Reply = (response: ServerResponse) => void;

/** A DataWorks that gives the next of the replies it was told, whatever it is asked. */
async function startStub() {
  const replies: Reply[] = [];
  const seen: Seen[] = [];
  const watchers: (() => void)[] = [];
  const server = createServer((request, response) => {
    void read(request).then((entry) => {
      seen.push(entry);
      const reply = replies.shift() ?? json(500, { Code: 'TestHasNoReply' });
      reply(response);
      watchers.splice(0).forEach((watch) => watch());
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  return {
    endpoint: `127.0.0.1:${port}`,
    seen,
    replies,
    /** Resolves when the next request is here and its reply has been begun. */
    nextRequest: () => new Promise<void>((resolve) => watchers.push(resolve)),
    async stop() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

async function read(request: IncomingMessage): Promise<Seen> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  const { searchParams } = new URL(request.url ?? '/', 'http://stub');
  return {
    method: request.method ?? '',
    action: String(request.headers['x-acs-action']),
    version: String(request.headers['x-acs-version']),
    query: Object.fromEntries(searchParams),
    form: Object.fromEntries(new URLSearchParams(Buffer.concat(chunks).toString())),
  };
}

function text(status: number, body: string, headers: Record<string, string> = {}): Reply {
  return (response) => response.writeHead(status, headers).end(body);
}

function json(status: number, body: unknown): Reply {
  return text(status, JSON.stringify(body), { 'content-type': 'application/json' });
}

const page = (list: object, pageSize = 10) =>
  json(200, {
    RequestId: 'R-ok\n',
    PagingInfo: { TotalCount: 0, PageNumber: 1, PageSize: pageSize, ...list },
  });
const unknownAction = json(404, {
  RequestId: 'R-404',
  Code: 'InvalidAction.NotFound',
  Message: 'no such api',
});

let stub: Awaited<ReturnType<typeof startStub>>;
beforeEach(async () => {
  stub = await startStub();
});
afterEach(async () => {
  await stub.stop();
  expect(stub.replies).toHaveLength(0);
});

function createHarness({
  endpoint = stub.endpoint,
  credential = createCredentialSource(() => fixed),
}: { endpoint?: string; credential?: CredentialSource } = {}) {
  const clock = createVirtualClock();
  const events: CallEvent[] = [];
  const client = createClient({ endpoint, protocol: 'http', credential, tryTimeoutMs, clock });

  function call<A extends Action>(
    action: A,
    params: Actions[A]['params'],
    { withinMs = 10_000, ...context }: Partial<CallContext> & { withinMs?: number } = {},
  ) {
    const deadline = clock.now() + withinMs;
    const report = (event: CallEvent) => events.push(event);
    return client.call(action, params, { deadline, priority: 'interactive', report, ...context });
  }

  const list = (filter: PipelineRunFilter = {}, context: Partial<CallContext> & { withinMs?: number } = {}) =>
    call('ListPipelineRuns', { projectId: '70199', filter, pageNumber: 1, pageSize: 10 }, context);

  return { clock, events, call, list };
}

describe('requests and responses', () => {
  test('a list of runs is a GET with query parameters and returns one page', async () => {
    stub.replies.push(text(200, sampleText));
    const { clock, events, list } = createHarness();
    const before = clock.now();
    const answer = await list({ status: 'SUCCEEDED', creator: '1107', objectId: '8604388726201134567' });
    expect(stub.seen).toEqual([
      {
        method: 'GET',
        action: 'ListPipelineRuns',
        version: '2024-05-18',
        query: {
          ProjectId: '70199',
          Status: 'Success',
          Creator: '1107',
          ObjectId: '8604388726201134567',
          PageNumber: '1',
          PageSize: '10',
        },
        form: {},
      },
    ]);
    expect(answer).toMatchObject({
      value: { totalCount: 2524, rows: [{ runId: '097c73fe-ed6e-4fb1-b109-a5d59e46cd58' }] },
      asOf: before,
      staleBecause: null,
    });
    expect(events).toEqual([
      { type: 'attempt', action: 'ListPipelineRuns' },
      {
        type: 'outcome',
        action: 'ListPipelineRuns',
        durationMs: 0,
        error: null,
        requestId: '7C352CB7-CD88-50CF-9D0D-E81BDF02XXXX',
      },
    ]);
    expect(clock.pendingTimers()).toBe(0);
  });

  test('undefined filter fields are not sent, and each status is sent as the filter documents it', async () => {
    const statuses = ['INIT', 'RUNNING', 'SUCCEEDED', 'FAILED', 'TERMINATED', 'CANCELED'] as const;
    const { list } = createHarness();
    for (const status of statuses) {
      stub.replies.push(page({ PipelineRuns: [] }));
      await list({ status });
    }
    expect(stub.seen.map(({ query }) => query.Status)).toEqual([
      'Init',
      'Running',
      'Success',
      'Fail',
      'Termination',
      'Cancel',
    ]);
    expect(Object.keys(stub.seen[0]!.query)).toEqual(['ProjectId', 'Status', 'PageNumber', 'PageSize']);
  });

  test('a result is dated by the start of its call, not by its arrival', async () => {
    const { clock, events, list } = createHarness();
    const before = clock.now();
    let respond = (): void => undefined;
    stub.replies.push((response) => {
      respond = () => page({ PipelineRuns: [] })(response);
    });
    const arrived = stub.nextRequest();
    const answer = list();
    await arrived;
    await clock.advance(700);
    respond();
    await expect(answer).resolves.toMatchObject({ asOf: before });
    expect(events.at(-1)).toMatchObject({ type: 'outcome', durationMs: 700 });
  });

  test('a run is requested by Id, its items by PipelineRunId', async () => {
    const { call } = createHarness();
    stub.replies.push(json(200, { RequestId: 'R', Pipeline: { Id: 'run-1', Status: 'Fail' } }));
    const run = await call('GetPipelineRun', { projectId: '10000', runId: 'run-1' });
    expect(run.value).toMatchObject({ runId: 'run-1', projectId: '10000', status: 'FAILED' });
    stub.replies.push(
      text(200, '{"PagingInfo":{"TotalCount":1,"PipelineRunItems":[{"Id":8604388726201134567}]}}'),
    );
    const items = await call('ListPipelineRunItems', {
      projectId: '10000',
      runId: 'run-1',
      pageNumber: 1,
      pageSize: 10,
    });
    expect(items.value.rows[0]!.itemId).toBe('8604388726201134567');
    expect(stub.seen.map(({ query }) => query)).toEqual([
      { ProjectId: '10000', Id: 'run-1' },
      { ProjectId: '10000', PipelineRunId: 'run-1', PageNumber: '1', PageSize: '10' },
    ]);
  });

  test('projects are requested by POST, with every digit of their ids', async () => {
    const { call } = createHarness();
    stub.replies.push(page({ TotalCount: 1, Projects: [{ Id: 10000, Status: 'Available' }] }, 100));
    const answer = await call('ListProjects', { projectIds: ['10000', '8604388726201134567'] });
    expect(answer.value.rows).toMatchObject([{ projectId: '10000', status: 'AVAILABLE' }]);
    expect(stub.seen).toMatchObject([
      {
        method: 'POST',
        query: {},
        form: { Ids: '[10000,8604388726201134567]', PageNumber: '1', PageSize: '100' },
      },
    ]);
  });

  test.each([[['1', '2]; x']], [['01']], [Array.from({ length: 101 }, () => '1')]])(
    'ids that cannot be sent are refused without a call: %j',
    async (projectIds) => {
      const { events, call } = createHarness();
      await expect(call('ListProjects', { projectIds })).rejects.toMatchObject({ kind: 'rejected' });
      expect([stub.seen.length, events.length]).toEqual([0, 0]);
    },
  );

  test('a run that does not exist is null and not an error', async () => {
    const { events, call } = createHarness();
    stub.replies.push(json(404, { Code: 'PipelineRun.NotFound', RequestId: 'R-1' }));
    stub.replies.push(json(200, { Pipeline: null, RequestId: 'R-2' }));
    for (const requestId of ['R-1', 'R-2']) {
      const answer = await call('GetPipelineRun', { projectId: '10000', runId: 'none' });
      expect(answer.value).toBeNull();
      expect(events.at(-1)).toMatchObject({ type: 'outcome', error: null, requestId });
    }
  });
});

describe('a failure', () => {
  const error = { RequestId: 'R-1', HostId: 'stub', Message: 'upstream words' };

  test.each<[string, UpstreamErrorKind, Reply]>([
    ['HTML of a 502', 'unavailable', text(502, '<html>', { 'content-type': 'text/html' })],
    ['an empty 500', 'unavailable', text(500, '')],
    ['XML of a 503', 'unavailable', text(503, '<Error/>', { 'content-type': 'text/xml' })],
    ['a 500 that is an array', 'unavailable', json(500, [])],
    ['JSON of a 429', 'throttled', json(429, { ...error, Code: 'Throttling.User' })],
    ['JSON of a 400 that means throttling', 'throttled', json(400, { ...error, Code: 'Throttling' })],
    ['a numeric code', 'throttled', json(400, { ...error, Code: 9990020002 })],
    ['the day’s limit', 'quotaExhausted', json(429, { ...error, Code: 'Throttling.Api.Risk' })],
    ['no code', 'rejected', json(400, { ...error })],
    ['a redirect', 'unavailable', text(302, '', { location: 'http://127.0.0.1:1/' })],
    ['HTML of a 200', 'invalidResponse', text(200, '<html>')],
    ['an empty 200', 'invalidResponse', text(200, '')],
    ['a 204', 'invalidResponse', text(204, '')],
    ['a truncated 200', 'invalidResponse', text(200, sampleText.slice(0, 700))],
    ['a 200 that is an array', 'invalidResponse', json(200, [])],
    ['a 200 of another shape', 'invalidResponse', json(200, { RequestId: 'R-1' })],
    ['a 200 with Success: false', 'throttled', json(200, { Success: false, ErrorCode: '9990020002' })],
    ['a dropped socket', 'unavailable', (response) => response.destroy()],
    [
      'a socket dropped within the body',
      'unavailable',
      (response) => {
        response.writeHead(200, { 'content-length': '1000' });
        response.write('{', () => response.destroy());
      },
    ],
  ])('of %s is %s, is reported once and reveals nothing of the request', async (_what, kind, reply) => {
    stub.replies.push(reply);
    const { clock, events, list } = createHarness();
    const thrown: unknown = await list({ creator: 'secret-creator' }).catch((reason: unknown) => reason);
    expect(thrown).toMatchObject({ name: 'UpstreamError', kind, action: 'ListPipelineRuns' });
    expect(events).toEqual([
      { type: 'attempt', action: 'ListPipelineRuns' },
      expect.objectContaining({ type: 'outcome', error: thrown }),
    ]);
    const shown = String((thrown as Error).stack) + JSON.stringify(thrown);
    expect(shown).not.toMatch(/http:|127\.0\.0\.1|secret|test-key|upstream words/);
    expect((thrown as Error).cause).toBeUndefined();
    expect([stub.seen.length, clock.pendingTimers()]).toEqual([1, 0]);
  });

  test('of a refused connection is unavailable', async () => {
    const closed = await startStub();
    await closed.stop();
    const { list } = createHarness({ endpoint: closed.endpoint });
    await expect(list()).rejects.toMatchObject({ kind: 'unavailable', code: null });
  });

  test('to obtain a credential is reported for the action that needed it, and nothing is sent', async () => {
    const credential = createCredentialSource(() => ({
      getCredential: () => Promise.reject(new Error('no')),
    }));
    const { call } = createHarness({ credential });
    await expect(call('ListProjects', { projectIds: ['1'] })).rejects.toMatchObject({
      kind: 'credentials',
      action: 'ListProjects',
      message: expect.stringContaining('ALIBABA_CLOUD_ACCESS_KEY_ID'),
    });
    expect(stub.seen).toHaveLength(0);
  });

  test('of rejected credentials makes the source look them up again', async () => {
    let forgotten = 0;
    const credential = { ...createCredentialSource(() => fixed), forget: () => (forgotten += 1) };
    stub.replies.push(json(403, { ...error, Code: 'InvalidSecurityToken.Expired' }));
    await expect(createHarness({ credential }).list()).rejects.toMatchObject({ kind: 'credentials' });
    expect(forgotten).toBe(1);
  });
});

describe('a call without a response', () => {
  const silent: Reply = () => undefined;
  const stalling: Reply = (response) => {
    response.writeHead(200, { 'content-length': '1000' }).write('{');
  };

  test.each<[string, Reply, number, number]>([
    ['hung before its headers', silent, 10_000, tryTimeoutMs],
    ['hung within its body', stalling, 10_000, tryTimeoutMs],
    ['nearer its deadline than the timeout of a try', silent, 300, 300],
  ])('%s ends in time', async (_what, reply, withinMs, endsAfterMs) => {
    stub.replies.push(reply);
    const { clock, events, list } = createHarness();
    const arrived = stub.nextRequest();
    const thrown = list({}, { withinMs }).catch((reason: unknown) => reason);
    await arrived;
    await clock.advance(endsAfterMs - 1);
    expect(events).toHaveLength(1);
    await clock.advance(1);
    expect(await thrown).toMatchObject({ kind: 'timeout', code: null });
    expect(events[1]).toMatchObject({ type: 'outcome', durationMs: endsAfterMs, error: { kind: 'timeout' } });
    expect(clock.pendingTimers()).toBe(0);
  });

  test('ends at once when its caller cancels', async () => {
    stub.replies.push(silent);
    const { clock, list } = createHarness();
    const caller = new AbortController();
    const arrived = stub.nextRequest();
    const thrown = list({}, { signal: caller.signal }).catch((reason: unknown) => reason);
    await arrived;
    caller.abort();
    expect(await thrown).toMatchObject({ kind: 'timeout' });
    expect(clock.pendingTimers()).toBe(0);
  });

  test('that is expired or canceled is not sent', async () => {
    const { events, list } = createHarness();
    await expect(list({}, { withinMs: 0 })).rejects.toMatchObject({ kind: 'timeout' });
    await expect(list({}, { signal: AbortSignal.abort() })).rejects.toMatchObject({ kind: 'timeout' });
    expect([stub.seen.length, events.length]).toEqual([0, 0]);
  });
});

describe('where the region does not know an action', () => {
  const older = page({ TotalCount: '0', PageNumber: '1', PageSize: '10', Deployments: [] });

  test('the next try uses the older name for ten minutes, and each request is reported as a call', async () => {
    const { clock, events, list } = createHarness();
    stub.replies.push(unknownAction, older, older, page({ PipelineRuns: [] }));
    await expect(list()).rejects.toMatchObject({ kind: 'unavailable', retryAfterMs: 0 });
    await list();
    await clock.advance(599_999);
    await list();
    await clock.advance(1);
    await list();
    expect(stub.seen.map(({ action }) => action)).toEqual([
      'ListPipelineRuns',
      'ListDeployments',
      'ListDeployments',
      'ListPipelineRuns',
    ]);
    expect(events.filter(({ type }) => type === 'attempt')).toHaveLength(4);
    expect(events.filter(({ type }) => type === 'outcome')).toHaveLength(4);
  });

  test('the newer name is tried again after ten minutes, and the older one if it is still unknown', async () => {
    const { clock, list } = createHarness();
    stub.replies.push(unknownAction, older, unknownAction, older, older);
    await expect(list()).rejects.toMatchObject({ kind: 'unavailable', retryAfterMs: 0 });
    await list();
    await clock.advance(600_000);
    await expect(list()).rejects.toMatchObject({ kind: 'unavailable', retryAfterMs: 0 });
    await list();
    await clock.advance(599_999);
    await list();
    expect(stub.seen.map(({ action }) => action)).toEqual([
      'ListPipelineRuns',
      'ListDeployments',
      'ListPipelineRuns',
      'ListDeployments',
      'ListDeployments',
    ]);
  });

  test('a run is read by the older name too', async () => {
    const { call } = createHarness();
    stub.replies.push(unknownAction, json(200, { Pipeline: { Id: 'run-1' } }));
    await expect(call('GetPipelineRun', { projectId: '10000', runId: 'run-1' })).rejects.toThrow(
      'older name',
    );
    const answer = await call('GetPipelineRun', { projectId: '10000', runId: 'run-1' });
    expect(answer.value?.runId).toBe('run-1');
    expect(stub.seen.map(({ action }) => action)).toEqual(['GetPipelineRun', 'GetDeployment']);
  });

  test('a filter that the older name does not support is rejected, not ignored', async () => {
    const { list } = createHarness();
    stub.replies.push(unknownAction);
    for (const calls of [1, 1]) {
      await expect(list({ objectId: '1' })).rejects.toMatchObject({
        kind: 'rejected',
        message: expect.stringContaining('cannot filter runs by object'),
      });
      expect(stub.seen).toHaveLength(calls);
    }
  });

  test('an older name that is unknown as well is not used again', async () => {
    const { list } = createHarness();
    stub.replies.push(unknownAction, unknownAction, page({ PipelineRuns: [] }));
    await expect(list()).rejects.toMatchObject({ kind: 'unavailable' });
    await expect(list()).rejects.toMatchObject({ kind: 'rejected', code: 'InvalidAction.NotFound' });
    await list();
    expect(stub.seen.map(({ action }) => action)).toEqual([
      'ListPipelineRuns',
      'ListDeployments',
      'ListPipelineRuns',
    ]);
  });

  test('an action without an older name fails', async () => {
    const { call } = createHarness();
    stub.replies.push(unknownAction);
    await expect(call('ListProjects', { projectIds: ['1'] })).rejects.toMatchObject({
      code: 'InvalidAction.NotFound',
    });
  });
});
