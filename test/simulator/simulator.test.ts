import { afterEach, describe, expect, test } from '@jest/globals';

import type { Simulator, SimulatorOptions } from '../../simulator/server.ts';
import { startSimulator } from '../../simulator/server.ts';
import { callWithSdk, type Params } from '../support/sdkCall.ts';

const START = Date.parse('2026-03-30T08:00:00Z');
const MINUTE_MS = 60_000;

let simulator: Simulator;
let now = START;

afterEach(() => simulator.close());

describe('ListPipelineRuns', () => {
  test('returns the requested page, newest first', async () => {
    await start();
    const { PagingInfo, RequestId } = await read('ListPipelineRuns', {
      ProjectId: 10_000,
      PageNumber: 3,
      PageSize: 100,
    });
    expect(PagingInfo).toMatchObject({ PageNumber: 3, PageSize: 100, TotalCount: 2524 });
    expect(PagingInfo.PipelineRuns.map((run) => run.Id)).toEqual(truthIds('10000').slice(200, 300));
    expect(RequestId).toMatch(/^[0-9A-F-]{36}\n$/);
    expect(simulator.calls).toHaveLength(1);
  });

  test('returns ten runs of page one by default, and an empty page beyond the end', async () => {
    await start();
    const { PagingInfo } = await read('ListPipelineRuns', { ProjectId: 10_002 });
    expect(PagingInfo).toMatchObject({ PageNumber: 1, PageSize: 10, TotalCount: 40 });
    expect(PagingInfo.PipelineRuns).toHaveLength(10);
    const behind = await read('ListPipelineRuns', { ProjectId: 10_002, PageNumber: 5 });
    expect(behind.PagingInfo).toEqual({ PageNumber: 5, PageSize: 10, TotalCount: 40, PipelineRuns: [] });
    expect((await read('ListPipelineRuns', { ProjectId: 10_003 })).PagingInfo.TotalCount).toBe(0);
  });

  test('returns every run once over all pages', async () => {
    await start();
    const ids: string[] = [];
    for (const PageNumber of [1, 2, 3, 4]) {
      const { PagingInfo } = await read('ListPipelineRuns', { ProjectId: 10_001, PageNumber, PageSize: 100 });
      ids.push(...PagingInfo.PipelineRuns.map((run) => run.Id));
    }
    expect(new Set(ids).size).toBe(350);
    expect(ids).toEqual(truthIds('10001'));
  });

  test.each([
    ['Creator', { creator: '203755000425304173' }, { Creator: '203755000425304173' }],
    ['Status', { status: 'Success' as const }, { Status: 'Success' }],
    [
      'both',
      { status: 'Fail' as const, creator: '1107550004253538' },
      { Status: 'Fail', Creator: '1107550004253538' },
    ],
  ])('counts only what matches a filter by %s', async (_, filter, params) => {
    await start();
    const expected = simulator.runs('10000', filter);
    expect(expected.length).toBeGreaterThan(10);
    expect(expected.length).toBeLessThan(2524);
    const { PagingInfo } = await read('ListPipelineRuns', { ProjectId: 10_000, ...params });
    expect(PagingInfo.TotalCount).toBe(expected.length);
    expect(PagingInfo.PipelineRuns.map((run) => run.Id)).toEqual(expected.slice(0, 10).map((run) => run.id));
  });

  test('finds by ObjectId the runs that publish the object', async () => {
    await start();
    const objectId = simulator.runs('10001')[0]!.objectIds[0]!;
    const expected = simulator.runs('10001').filter((run) => run.objectIds.includes(objectId));
    const { PagingInfo } = await read('ListPipelineRuns', {
      ProjectId: 10_001,
      ObjectId: objectId,
      PageSize: 100,
    });
    expect(PagingInfo.TotalCount).toBe(expected.length);
    expect(PagingInfo.PipelineRuns.map((run) => run.Id)).toEqual(expected.map((run) => run.id));
  });

  test.each([
    [{}, 'MissingProjectId'],
    [{ ProjectId: 'abc' }, 'InvalidProjectId'],
    [{ ProjectId: 99 }, 'Invalid.Tenant.ProjectNotExists'],
    [{ ProjectId: 10_000, PageNumber: 0 }, 'InvalidPageNumber'],
    [{ ProjectId: 10_000, PageSize: 101 }, 'InvalidPageSize'],
    [{ ProjectId: 10_000, PageSize: '1e1' }, 'InvalidPageSize'],
    [{ ProjectId: 10_000, Status: 'Succeeded' }, 'InvalidStatus'],
    [{ ProjectId: 10_000, Status: 'RUNNING' }, 'InvalidStatus'],
  ])('refuses %j', async (params, code) => {
    await start();
    await expect(read('ListPipelineRuns', params)).rejects.toMatchObject({ statusCode: 400, code });
    expect(simulator.calls.map((call) => call.outcome)).toEqual([code]);
  });

  test('names the missing permission for a forbidden project', async () => {
    await start();
    await expect(read('ListPipelineRuns', { ProjectId: 10_004 })).rejects.toMatchObject({
      statusCode: 403,
      code: 'ResourceNotAuthorized.Api',
      accessDeniedDetail: { AuthAction: 'dataworks:*' },
    });
  });
});

describe('the data set', () => {
  test('is the same for the same seed, and differs for another seed', async () => {
    await start();
    const first = simulator.runs('10000');
    await simulator.close();
    await start();
    expect(simulator.runs('10000')).toEqual(first);
    await simulator.close();
    await start({ seed: 2 });
    expect(simulator.runs('10000')).not.toEqual(first);
  });

  test('is ordered by time, with unique ids and a few ties', async () => {
    await start();
    const runs = simulator.runs('10000');
    const times = runs.map((run) => run.createTime);
    expect(times).toEqual([...times].sort((a, b) => b - a));
    expect(new Set(runs.map((run) => run.id)).size).toBe(2524);
    expect(2524 - new Set(times).size).toBe(26);
    expect(times[0]).toBeLessThan(START);
  });

  test('uses both vocabularies in several letter cases', async () => {
    await start({ qps: null });
    const words = new Set<string>();
    for (let PageNumber = 1; PageNumber <= 26; PageNumber++) {
      const { PagingInfo } = await read('ListPipelineRuns', { ProjectId: 10_000, PageNumber, PageSize: 100 });
      for (const run of PagingInfo.PipelineRuns) words.add(run.Status);
    }
    for (const word of [
      'Success',
      'Succeeded',
      'SUCCESS',
      'SUCCEEDED',
      'Termination',
      'Terminated',
      'Running',
    ]) {
      expect(words).toContain(word);
    }
  });

  test('contains JSON text in details, newlines in texts and unquoted 19-digit numbers', async () => {
    await start();
    const text = await readText('ListPipelineRuns', { ProjectId: 10_000, PageSize: 100 });
    expect(text).toMatch(/"packageId":8604388\d{12},/);
    expect(text).toMatch(/\\"packageId\\": 8604388\d{12}\\n/);
    const { Stages } = parse(text).PagingInfo.PipelineRuns[0]!;
    const check = Stages.find((stage) => stage.Type === 'Check')!;
    expect(JSON.parse(check.Detail.key).checkerList[0]).toEqual({
      code: 'BuildPackageChecker',
      name: 'package check',
    });
    expect(check.Name).toMatch(/\n$/);
  });

  test('represents a missing message in three ways', async () => {
    await start();
    const { PagingInfo } = await read('ListPipelineRuns', { ProjectId: 10_000, PageSize: 100 });
    const messages = new Set(PagingInfo.PipelineRuns.map((run) => run.Message));
    expect(messages).toEqual(new Set([undefined, null, '', 'Error message\n']));
  });

  test('can be replaced, and is created lazily', async () => {
    await start({ projects: [{ id: '7', runCount: 100_000 }] });
    const { PagingInfo } = await read('ListPipelineRuns', { ProjectId: 7, PageNumber: 1000, PageSize: 100 });
    expect(PagingInfo.TotalCount).toBe(100_000);
    expect(PagingInfo.PipelineRuns).toHaveLength(100);
  });
});

describe('GetPipelineRun', () => {
  test('returns the run under the key Pipeline', async () => {
    await start();
    const [newest] = simulator.runs('10000');
    const { Pipeline } = await read('GetPipelineRun', { ProjectId: 10_000, Id: newest!.id });
    expect(Pipeline).toMatchObject({ Id: newest!.id, ProjectId: 10_000, CreateTime: newest!.createTime });
    expect(Pipeline.Stages.map((stage) => stage.Step)).toEqual(Pipeline.Stages.map((_, index) => index + 1));
  });

  test('rejects an unknown run by default', async () => {
    await start();
    const [elsewhere] = simulator.runs('10001');
    for (const Id of ['097c73fe-ed6e-4fb1-b109-a5d59e46cd58', 'no uuid', elsewhere!.id]) {
      await expect(read('GetPipelineRun', { ProjectId: 10_000, Id })).rejects.toMatchObject({
        statusCode: 404,
        code: 'InvalidPipelineRun.NotFound',
      });
    }
    await expect(read('GetPipelineRun', { ProjectId: 10_000 })).rejects.toMatchObject({ code: 'MissingId' });
  });

  test('returns null for an unknown run if configured', async () => {
    await start({ unknownRun: 'null' });
    expect((await read('GetPipelineRun', { ProjectId: 10_000, Id: 'none' })).Pipeline).toBeNull();
  });
});

describe('ListPipelineRunItems', () => {
  test('returns ids of 19 digits, some of them unquoted', async () => {
    await start({ qps: null });
    let text = '';
    for (const run of simulator.runs('10002')) {
      text += await readText('ListPipelineRunItems', { ProjectId: 10_002, PipelineRunId: run.id });
    }
    expect(text).toMatch(/"Id":"8604388\d{12}"/);
    expect(text).toMatch(/"Id":8604388\d{12},/);
    expect(simulator.calls).toHaveLength(40);
  });

  test('returns the objects by which the ObjectId filter finds the run', async () => {
    await start();
    const run = simulator.runs('10002').find(({ objectIds }) => objectIds.length > 1)!;
    const text = await readText('ListPipelineRunItems', { ProjectId: 10_002, PipelineRunId: run.id });
    expect([...text.matchAll(/"Id":"?(\d{19})/g)].map((match) => match[1])).toEqual(run.objectIds);
    const { PagingInfo } = parse(text);
    expect(PagingInfo.TotalCount).toBe(run.objectIds.length);
    expect(PagingInfo.PipelineRunItems[0]).toMatchObject({
      Name: expect.stringMatching(/\n$/),
      CreateTime: run.createTime,
    });
  });

  test('requires the parameter PipelineRunId', async () => {
    await start();
    const [run] = simulator.runs('10002');
    await expect(read('ListPipelineRunItems', { ProjectId: 10_002, Id: run!.id })).rejects.toMatchObject({
      code: 'MissingPipelineRunId',
    });
  });
});

describe('projects', () => {
  test('are listed by ids in a form, without those that are forbidden or unknown', async () => {
    await start();
    const { PagingInfo } = await post('ListProjects', { Ids: '[10001, "10000", 10004, 99]', PageSize: 100 });
    expect(PagingInfo).toMatchObject({ PageNumber: 1, PageSize: 100, TotalCount: 2 });
    expect(PagingInfo.Projects.map((project) => project.Id)).toEqual([10_000, 10_001]);
  });

  test('are all listed without a filter', async () => {
    await start();
    const { PagingInfo } = await post('ListProjects', { PageNumber: 3 });
    expect(PagingInfo.TotalCount).toBe(24);
    expect(PagingInfo.Projects).toHaveLength(4);
  });

  test('are returned by Id', async () => {
    await start();
    expect((await read('GetProject', { Id: 10_002 })).Project).toMatchObject({
      Id: 10_002,
      Status: 'Available',
    });
    await expect(read('GetProject', { Id: 99 })).rejects.toMatchObject({
      code: 'Invalid.Tenant.ProjectNotExists',
    });
    await expect(read('GetProject', { ProjectId: 10_002 })).rejects.toMatchObject({ code: 'MissingId' });
  });
});

describe('the old action names', () => {
  test('return Deployments with numbers as strings and enum values in capitals', async () => {
    await start();
    const { PagingInfo } = await read('ListDeployments', { ProjectId: 10_000, PageSize: 100 });
    expect(PagingInfo).toMatchObject({ PageNumber: '1', PageSize: '100', TotalCount: '2524' });
    expect(PagingInfo.Deployments.map((run) => run.Id)).toEqual(truthIds('10000').slice(0, 100));
    for (const run of PagingInfo.Deployments) {
      expect(run.ProjectId).toBe('10000');
      expect(run.Status).toMatch(/^(INIT|RUNNING|SUCCESS|FAIL|TERMINATION|CANCEL)$/);
      expect(run.Stages[0]!.Type).toMatch(/^(CHECK|BUILD)$/);
      expect(run).not.toHaveProperty('Description');
    }
  });

  test('filter by Status and Creator, and ignore ObjectId', async () => {
    await start();
    const expected = simulator.runs('10001', { status: 'Fail' }).length;
    const { PagingInfo } = await read('ListDeployments', {
      ProjectId: 10_001,
      Status: 'Fail',
      ObjectId: '1',
    });
    expect(PagingInfo.TotalCount).toBe(String(expected));
  });

  test('return a single run under the key Pipeline', async () => {
    await start();
    const [newest] = simulator.runs('10001');
    const { Pipeline } = await read('GetDeployment', { ProjectId: 10_001, Id: newest!.id });
    expect(Pipeline).toMatchObject({ Id: newest!.id, ProjectId: '10001' });
  });

  test('are the only ones if the new names are disabled', async () => {
    await start({ actionNames: 'old' });
    const notFound = { statusCode: 404, code: 'InvalidAction.NotFound' };
    const [run] = simulator.runs('10002');
    await expect(read('ListPipelineRuns', { ProjectId: 10_002 })).rejects.toMatchObject(notFound);
    await expect(read('GetPipelineRun', { ProjectId: 10_002, Id: run!.id })).rejects.toMatchObject(notFound);
    expect((await read('ListDeployments', { ProjectId: 10_002 })).PagingInfo.TotalCount).toBe('40');
    expect((await read('GetDeployment', { ProjectId: 10_002, Id: run!.id })).Pipeline.Id).toBe(run!.id);
    await expect(read('DropProject', {})).rejects.toMatchObject(notFound);
  });

  test('are unknown if only the new names are enabled', async () => {
    await start({ actionNames: 'new' });
    await expect(read('ListDeployments', { ProjectId: 10_002 })).rejects.toMatchObject({
      code: 'InvalidAction.NotFound',
    });
  });
});

describe('time', () => {
  test('advances a run from Init through its stages to a final status, which does not change', async () => {
    await start({ qps: null });
    const [run] = simulator.addRuns('10003', 1);
    const seen: string[] = [];
    let running = 0;
    for (let seconds = 0; seconds <= 8 * 3600; seconds += 10) {
      now = START + seconds * 1000;
      const { status } = simulator.runs('10003')[0]!;
      if (status === 'Running') running++;
      if (seen.at(-1) !== status) seen.push(status);
    }
    expect(seen.slice(0, 2)).toEqual(['Init', 'Running']);
    expect(seen).toHaveLength(3);
    expect(running).toBeGreaterThan(1);
    const { Pipeline: atEnd } = await read('GetPipelineRun', { ProjectId: 10_003, Id: run!.id });
    now += 24 * 3_600_000;
    const { Pipeline: later } = await read('GetPipelineRun', { ProjectId: 10_003, Id: run!.id });
    expect(later).toEqual(atEnd);
    expect(later.ModifyTime).toBeGreaterThan(later.CreateTime);
  });

  test('adds a new run at the head once per interval, and keeps the order of the others', async () => {
    await start({ newRunEveryMs: { '10002': MINUTE_MS } });
    const before = truthIds('10002');
    now += 3 * MINUTE_MS - 1;
    expect(truthIds('10002').slice(2)).toEqual(before);
    now += 1;
    const [newest] = simulator.runs('10002');
    expect(newest!.createTime).toBe(START + 3 * MINUTE_MS);
    expect((await read('ListPipelineRuns', { ProjectId: 10_002 })).PagingInfo.TotalCount).toBe(43);
    expect((await read('GetPipelineRun', { ProjectId: 10_002, Id: newest!.id })).Pipeline.Id).toBe(
      newest!.id,
    );
    expect(truthIds('10001')).toHaveLength(350);
  });

  test('does not change by default except for runs that the test adds and removes', async () => {
    await start();
    const before = truthIds('10002');
    now += 10 * MINUTE_MS;
    expect(truthIds('10002')).toEqual(before);
    const added = simulator.addRuns('10002', 2).map((run) => run.id);
    expect(truthIds('10002')).toEqual([...added, ...before]);
    expect(simulator.removeRun('10002', before[3]!)).toBe(true);
    expect(simulator.removeRun('10002', before[3]!)).toBe(false);
    expect(truthIds('10002')).toEqual([...added, ...before.filter((id) => id !== before[3])]);
    await expect(read('GetPipelineRun', { ProjectId: 10_002, Id: before[3]! })).rejects.toMatchObject({
      code: 'InvalidPipelineRun.NotFound',
    });
  });

  test('separates added runs by a millisecond, or ties them if a time is given', async () => {
    await start();
    expect(simulator.addRuns('10003', 2).map((run) => run.createTime)).toEqual([START + 1, START]);
    expect(simulator.addRuns('10003', 2, START + 5).map((run) => run.createTime)).toEqual([
      START + 5,
      START + 5,
    ]);
  });
});

describe('quota', () => {
  test('allows five calls in any second, and rejects a sixth with one of two codes', async () => {
    await start();
    for (let call = 0; call < 5; call++) {
      await read('GetProject', { Id: 10_000 });
      now += 100;
    }
    await expect(read('GetProject', { Id: 10_000 })).rejects.toMatchObject({
      statusCode: 429,
      code: 'Throttling.User',
    });
    now = START + 999;
    await expect(read('GetProject', { Id: 10_000 })).rejects.toMatchObject({
      statusCode: 429,
      code: 'Throttling.Api',
    });
    now = START + 1000;
    await read('GetProject', { Id: 10_000 });
    await expect(read('GetProject', { Id: 10_000 })).rejects.toMatchObject({ code: 'Throttling.User' });
    expect(simulator.maxCallsInAnySecond()).toBe(8);
  });

  test('rejects calls beyond the daily limit with its own message, and resets at midnight in China', async () => {
    await start({ qps: null, dailyCalls: 2 });
    await read('GetProject', { Id: 10_000 });
    await read('GetProject', { Id: 10_000 });
    await expect(read('GetProject', { Id: 10_000 })).rejects.toMatchObject({
      statusCode: 429,
      code: 'Throttling.Api.Risk',
      message: expect.stringContaining(
        'The request for this resource has exceeded your daily available limit',
      ),
    });
    now = Date.parse('2026-03-30T16:00:00Z');
    await read('GetProject', { Id: 10_000 });
  });

  test('rejects calls beyond the monthly limit likewise', async () => {
    await start({ qps: null, monthlyCalls: 1 });
    await read('GetProject', { Id: 10_000 });
    now += 24 * 3_600_000;
    await expect(read('GetProject', { Id: 10_000 })).rejects.toMatchObject({ code: 'Throttling.Resource' });
    now += 24 * 3_600_000;
    await read('GetProject', { Id: 10_000 });
  });

  test('logs every call with its action, parameters, time and client', async () => {
    await start();
    await read('GetProject', { Id: 10_000 });
    await post('ListProjects', { Ids: '[10001]' });
    expect(simulator.calls).toEqual([
      expect.objectContaining({ at: START, action: 'GetProject', params: { Id: '10000' }, outcome: 'OK' }),
      expect.objectContaining({ at: START, action: 'ListProjects', params: { Ids: '[10001]' }, faults: [] }),
    ]);
    expect(simulator.calls[0]!.sourcePort).toBeGreaterThan(0);
    simulator.calls.clear();
    expect(simulator.calls).toEqual([]);
    expect(simulator.maxCallsInAnySecond()).toBe(0);
  });
});

interface Run {
  Id: string;
  ProjectId: number | string;
  CreateTime: number;
  ModifyTime: number;
  Status: string;
  Message?: string | null;
  Stages: { Step: number; Type: string; Name: string; Detail: { key: string } }[];
}

/** The response keys of all actions. */
interface Body {
  RequestId: string;
  PagingInfo: {
    TotalCount: number;
    PipelineRuns: Run[];
    Deployments: Run[];
    PipelineRunItems: unknown[];
    Projects: { Id: number }[];
  };
  Pipeline: Run;
  Project: unknown;
}

async function start(options: SimulatorOptions = {}): Promise<void> {
  now = START;
  simulator = await startSimulator({ now: () => now, ...options });
}

function truthIds(projectId: string): string[] {
  return simulator.runs(projectId).map((run) => run.id);
}

async function read(action: string, query: Params): Promise<Body> {
  return parse(await readText(action, query));
}

async function readText(action: string, query: Params): Promise<string> {
  return (await callWithSdk(simulator, action, { query })).body;
}

async function post(action: string, body: Params): Promise<Body> {
  return parse((await callWithSdk(simulator, action, { method: 'POST', body })).body);
}

function parse(text: string): Body {
  return JSON.parse(text) as Body;
}
