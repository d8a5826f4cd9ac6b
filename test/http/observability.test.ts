import { readFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { InMemorySpanExporter, NodeTracerProvider, SimpleSpanProcessor } from '@opentelemetry/sdk-trace-node';
import { captureLog } from '../support/fixtures.ts';
import { startTestGateway, type TestGateway } from '../support/gateway.ts';
import { openSocket } from '../support/sockets.ts';

const log = captureLog();
const spans = new InMemorySpanExporter();
const provider = new NodeTracerProvider({ spanProcessors: [new SimpleSpanProcessor(spans)] });
let gateway: TestGateway;
beforeAll(async () => {
  gateway = await startTestGateway({
    logger: log.logger,
    settings: { DATAWORKS_DAILY_CALLS: '1000' },
  });
});
afterAll(() => gateway.close());

const RUNS = 'query Dashboard { pipelineRuns(projectId: 10002) { totalCount } }';
const TRACE = 'a0000000000000000000000000000001';

const figure = async (name: string): Promise<number> => {
  const text = await (await fetch(`${gateway.url}/metrics`)).text();
  const line = text.split('\n').find((one) => one.startsWith(`${name} `));
  return line === undefined ? 0 : Number(line.slice(name.length));
};

describe('an operation', () => {
  test('is one log line with name, caller, duration and cost', async () => {
    const send = async (id: string) => {
      const { headers } = await gateway.query(RUNS, undefined, {
        'x-request-id': id,
        traceparent: `00-${TRACE}-b000000000000001-01`,
      });
      expect(headers.get('x-request-id')).toBe(id);
      return log.operation(id);
    };
    const cold = await send('cold');
    expect(cold).toEqual({
      level: 'info',
      time: expect.stringMatching(/^\d{4}-.*Z$/),
      service: 'dataworks-graphql-gateway',
      msg: 'operation',
      requestId: 'cold',
      operation: 'Dashboard',
      type: 'query',
      caller: 'anonymous',
      status: 200,
      durationMs: expect.any(Number),
      codes: [],
      upstreamCalls: 1,
      retries: 0,
      cache: { hit: 0, miss: 1, shared: 0, stale: 0 },
      traceId: TRACE,
    });
    expect(await send('hot')).toMatchObject({ upstreamCalls: 0, cache: { hit: 1, miss: 0 } });
  });

  test('that fails is logged with its codes, each once', async () => {
    const handle = gateway.simulator.fault({ kind: 'error', httpStatus: 403, code: 'Forbidden.Access' });
    await gateway.query(
      '{ a: pipelineRuns(projectId: 10001) { totalCount } b: pipelineRun(projectId: 10001, runId: "x") { runId } }',
      undefined,
      { 'x-request-id': 'failing' },
    );
    handle();
    expect(await log.operation('failing')).toMatchObject({ status: 200, codes: ['UPSTREAM_FORBIDDEN'] });
  });

  test('that fails before execution is logged, too', async () => {
    await fetch(`${gateway.url}/graphql`, {
      method: 'POST',
      body: '{',
      headers: { 'x-request-id': 'broken', 'content-type': 'application/json' },
    });
    expect(await log.operation('broken')).toMatchObject({
      operation: null,
      caller: 'anonymous',
      status: 400,
      codes: ['BAD_REQUEST'],
      upstreamCalls: 0,
    });
  });

  test('whose caller disconnects is logged as aborted, and its call is cancelled', async () => {
    const hold = gateway.simulator.fault({ kind: 'hold' });
    const leaving = new AbortController();
    const aborted = fetch(`${gateway.url}/graphql`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', 'x-request-id': 'leaving' },
      body: JSON.stringify({ query: '{ pipelineRuns(projectId: 10000) { totalCount } }' }),
      signal: leaving.signal,
    }).catch(() => 'aborted');
    await hold.hit(1);
    leaving.abort();
    expect(await aborted).toBe('aborted');
    expect(await log.operation('leaving')).toMatchObject({ aborted: true });
    hold();
  });

  test('never has its text or variables in the log', async () => {
    await gateway.query(
      'query Q($p: ID!) { pipelineRun(projectId: $p, runId: "needle-in-text") { runId } }',
      { p: '777777' },
      { 'x-request-id': 'needle' },
    );
    await log.operation('needle');
    expect(log.text()).not.toMatch(/needle-in-text|777777|pipelineRun\(/);
  });
});

describe('metrics', () => {
  test('count operations by code, cache results, and upstream calls by action and outcome', async () => {
    const ok = 'dataworks_gateway_operation_duration_seconds_count{code="OK"}';
    const hits = 'dataworks_gateway_cache_results_total{action="ListProjects",result="hit"}';
    const misses = 'dataworks_gateway_cache_results_total{action="ListProjects",result="miss"}';
    const calls =
      'dataworks_gateway_upstream_call_duration_seconds_count{action="ListProjects",outcome="ok"}';
    const before = { ok: await figure(ok), hits: await figure(hits), misses: await figure(misses) };
    for (let i = 0; i < 3; i++) await gateway.query('{ project(projectId: 10003) { name } }');
    expect(await figure(ok)).toBe(before.ok + 3);
    expect(await figure(hits)).toBe(before.hits + 2);
    expect(await figure(misses)).toBe(before.misses + 1);
    expect(await figure(calls)).toBe(await figure(misses));
  });

  test('show the budget, waiting calls, breakers and the process', async () => {
    const used = [...gateway.simulator.calls].length;
    expect(await figure('dataworks_gateway_budget_left_calls{window="day"}')).toBe(1000 - used);
    expect(await figure('dataworks_gateway_budget_waiting_calls{priority="interactive"}')).toBe(0);
    expect(await figure('dataworks_gateway_breaker_state{action="ListProjects",state="closed"}')).toBe(1);
    expect(await figure('dataworks_gateway_breaker_state{action="ListProjects",state="open"}')).toBe(0);
    expect(await figure('process_resident_memory_bytes')).toBeGreaterThan(0);
    expect(await figure('nodejs_eventloop_lag_p99_seconds')).toBeGreaterThanOrEqual(0);
  });

  test('count subscriptions and pollers', async () => {
    const levels = async () => [
      await figure('dataworks_gateway_subscriptions'),
      await figure('dataworks_gateway_pollers'),
    ];
    expect(await levels()).toEqual([0, 0]);
    {
      await using client = openSocket(gateway.url);
      const listeners = [1, 2, 3].map(() =>
        client.subscribe('subscription { pipelineRunsUpdated(projectId: 10002) { totalCount } }'),
      );
      for (const listener of listeners) await listener.until(1);
      expect(await levels()).toEqual([3, 1]);
    }
    while ((await levels()).some((level) => level > 0));
  });

  test('show which breaker is open', async () => {
    await using broken = await startTestGateway({
      settings: { LOG_LEVEL: 'silent' },
      logger: captureLog().logger,
    });
    broken.simulator.fault({ kind: 'empty500' });
    for (let i = 1; i <= 3; i++) await broken.query(`{ project(projectId: ${i}) { name } }`);
    const text = await (await fetch(`${broken.url}/metrics`)).text();
    expect(text).toContain('dataworks_gateway_breaker_state{action="ListProjects",state="open"} 1');
    expect(text).toContain('dataworks_gateway_breaker_state{action="ListPipelineRuns",state="closed"} 1');
  });

  test('are absent with METRICS off', async () => {
    await using quiet = await startTestGateway({ settings: { METRICS: 'off' } });
    expect((await fetch(`${quiet.url}/metrics`)).status).toBe(404);
  });
});

describe('the example dashboard for Grafana', () => {
  test('uses only figures of /metrics', async () => {
    const exposed = await (await fetch(`${gateway.url}/metrics`)).text();
    const names = new Set(exposed.match(/^# TYPE \S+/gm)!.map((line) => line.slice('# TYPE '.length)));
    const dashboard = readFileSync(new URL('../../examples/grafana-dashboard.json', import.meta.url), 'utf8');
    const asked = new Set(dashboard.match(/\b(?:dataworks_gateway|nodejs|process)_[a-z0-9_]+/g));
    expect(asked.size).toBeGreaterThan(10);
    for (const name of asked) expect(names).toContain(name.replace(/_(?:bucket|count|sum)$/, ''));
  });
});

describe('the trace context of a caller', () => {
  const traceparent = `00-${TRACE}-b000000000000001-01`;

  test('is passed on to DataWorks if it is valid', async () => {
    const passedOn: unknown[] = [];
    const upstream = createServer((request, response) => {
      passedOn.push(request.headers['traceparent']);
      response.writeHead(403, { 'content-type': 'application/json' }).end('{"Code":"Forbidden"}');
    });
    await new Promise<void>((resolve) => upstream.listen(0, '127.0.0.1', resolve));
    const { port } = upstream.address() as AddressInfo;
    const own = await startTestGateway({ settings: { DATAWORKS_ENDPOINT: `http://127.0.0.1:${port}` } });
    const query = '{ pipelineRuns(projectId: 1) { totalCount } project(projectId: 2) { name } }';
    await own.query(query, undefined, { traceparent });
    await own.query(query, undefined, { traceparent: 'nonsense' });
    await own.close();
    upstream.closeAllConnections();
    await new Promise((resolve) => upstream.close(resolve));
    expect(passedOn).toEqual([traceparent, traceparent, undefined, undefined]);
  });
});

describe('traces', () => {
  beforeAll(() => provider.register());
  afterAll(() => provider.shutdown());

  test('have a span of the operation below the span of its caller, and one of each upstream call below it', async () => {
    await using traced = await startTestGateway({ logger: log.logger, tracing: true });
    await traced.query(
      'query Names { project(projectId: 10001) { name } pipelineRun(projectId: 10002, runId: "a") { runId } }',
      undefined,
      {
        'x-request-id': 'traced',
        traceparent: `00-${TRACE}-b000000000000001-01`,
      },
    );
    await log.operation('traced');
    const [operation] = spans.getFinishedSpans().filter(({ name }) => name === 'query');
    expect(operation).toMatchObject({
      parentSpanContext: { spanId: 'b000000000000001' },
      attributes: { 'graphql.operation.name': 'Names', 'graphql.operation.type': 'query' },
    });
    const calls = spans.getFinishedSpans().filter((span) => span !== operation);
    expect(calls.map(({ name }) => name).sort()).toEqual(['GetPipelineRun', 'ListProjects']);
    for (const call of calls) {
      expect(call.spanContext().traceId).toBe(TRACE);
      expect(call.parentSpanContext?.spanId).toBe(operation!.spanContext().spanId);
      expect(call.attributes['dataworks.request_id']).toMatch(/^[\w-]+$/);
    }
  });
});
