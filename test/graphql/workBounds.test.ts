import { afterEach, describe, expect, test } from '@jest/globals';
import { bearer, digestOf, temporaryFiles } from '../support/fixtures.ts';
import { startTestGateway, type TestGateway } from '../support/gateway.ts';
import { openSocket } from '../support/sockets.ts';

/*
 * What one caller can make the gateway do by one request or subscription, within all other limits.
 */

const RUN = 'id runId projectId createTime modifyTime creator status rawStatus message description';
const many = (length: number, make: (index: number) => string) =>
  Array.from({ length }, (_, index) => make(index)).join(' ');

let gateway: TestGateway | null = null;
async function start(settings: Record<string, string> = {}): Promise<TestGateway> {
  gateway = await startTestGateway({ settings: { STORED_ANSWERS: 'off', ...settings } });
  return gateway;
}
afterEach(async () => {
  await gateway?.close();
  gateway = null;
});

/** Both paths of execution: graphql-js runs the first two requests, compiled code the third. */
const TIMES_UNTIL_COMPILED = 4;

describe('the objects of a response', () => {
  test('are rejected before any call if a short query multiplies them', async () => {
    const door = await start();
    const text = `{pipelineRuns(projectId:"10000",first:100){nodes{project{pipelineRuns(first:49){edges{node{...R}} nodes{...R} ${many(14, (i) => `n${i}:nodes{...R}`)}}}}}} fragment R on PipelineRun{${RUN} stages{code}}`;
    const { status, data, errors } = await door.query(text);
    expect([status, data, errors?.[0]?.extensions['code']]).toEqual([400, undefined, 'QUERY_TOO_EXPENSIVE']);
    expect(errors?.[0]?.message).toMatch(/at most 4000 output objects.*MAX_ROWS/);
    expect(door.newCalls()).toEqual([]);
  });

  test('can be those of five pages of a hundred runs with their stages', async () => {
    const door = await start();
    const page = (i: number) =>
      `p${i}: pipelineRuns(projectId: 10000, page: { number: ${i + 1}, size: 100 }) { pageInfo { endCursor } edges { node { ${RUN} stages { code status } } } }`;
    const { data, errors } = await door.query(`{ ${many(5, page)} }`);
    expect(errors).toBeUndefined();
    expect(data.p4.edges).toHaveLength(100);
  });

  test.each(['on', 'off'])(
    'are counted again where DataWorks sends more stages than usual, COMPILED_QUERIES %s',
    async (compiled) => {
      const door = await start({ COMPILED_QUERIES: compiled });
      door.simulator.fault({ kind: 'manyStages', stages: 5000 });
      for (let n = 0; n < TIMES_UNTIL_COMPILED; n++) {
        const { status, data, errors } = await door.query(runOf(door, 'stages { code }'));
        expect([status, data]).toEqual([400, undefined]);
        expect(errors).toEqual([
          { message: expect.stringContaining('MAX_ROWS'), extensions: { code: 'QUERY_TOO_EXPENSIVE' } },
        ]);
      }
    },
  );
});

describe('the bytes of a response', () => {
  const DETAILS = `stages { detail ${many(15, (i) => `d${i}: detail`)} }`;

  test.each(['on', 'off'])('are at most MAX_RESPONSE_BYTES, COMPILED_QUERIES %s', async (compiled) => {
    const door = await start({ COMPILED_QUERIES: compiled, STORED_ANSWERS: 'on' });
    door.simulator.fault({ kind: 'largeDetail', detailBytes: 1_000_000 });
    for (let n = 0; n < TIMES_UNTIL_COMPILED; n++) {
      const { status, data, errors } = await door.query(runOf(door, DETAILS));
      expect([status, data]).toEqual([400, undefined]);
      expect(errors).toEqual([
        {
          message: expect.stringMatching(/at most 4000000 bytes in its response.*MAX_RESPONSE_BYTES/),
          extensions: { code: 'QUERY_TOO_EXPENSIVE' },
        },
      ]);
    }
  });

  test('can be as many as the setting allows', async () => {
    const door = await start({ MAX_RESPONSE_BYTES: '10000' });
    const page = (fields: string) =>
      door.query(`{ pipelineRuns(projectId: 10000, first: 100) { nodes { ${fields} } } }`);
    const narrow = await page('id');
    expect([narrow.status, narrow.errors]).toEqual([200, undefined]);
    const wide = await page(RUN);
    expect([wide.status, wide.errors?.[0]?.extensions['code']]).toEqual([400, 'QUERY_TOO_EXPENSIVE']);
  });

  test('of an event are bounded as well', async () => {
    const door = await start();
    door.simulator.fault({ kind: 'largeDetail', detailBytes: 1_000_000 });
    await using client = openSocket(door.url);
    // A finished run has one event.
    const news = client.subscribe(
      `subscription { pipelineRunUpdated(projectId: 10002, runId: "${oldestRunOf(door)}") { run { ${DETAILS} } } }`,
    );
    await news.ended;
    expect([news.codes, news.events]).toEqual([['QUERY_TOO_EXPENSIVE'], []]);
  });
});

describe('lists of ids', () => {
  const bad = (length: number) => Array.from({ length }, () => 'x');

  test.each([
    ['nodes', 'query ($r: [ID!]!) { nodes(ids: $r) { id } }', 101, /at most 100 values; got 101/],
    [
      '_entities',
      'query ($r: [_Any!]!) { _entities(representations: $r) { __typename } }',
      501,
      /at most 500 values; got 501/,
    ],
  ])('of %s are rejected for their length, with one error', async (_, text, length, message) => {
    const door = await start();
    const { errors = [] } = await door.query(text, { r: bad(length) });
    expect(errors).toHaveLength(1);
    expect(errors[0]?.extensions['code']).toBe('BAD_USER_INPUT');
    expect(errors[0]?.message).toMatch(message);
    expect(door.newCalls()).toEqual([]);
  });

  test('of the maximal number of representations are resolved', async () => {
    const door = await start();
    const { data, errors = [] } = await door.query(
      'query ($r: [_Any!]!) { _entities(representations: $r) { __typename } }',
      { r: [...bad(499), { __typename: 'Project', projectId: '10000' }] },
    );
    expect(errors).toHaveLength(499);
    expect(data._entities[499]).toEqual({ __typename: 'Project' });
  });
});

describe('invalid variables', () => {
  test('are rejected with the first error only', async () => {
    const door = await start();
    const filter = Object.fromEntries(Array.from({ length: 9000 }, (_, n) => [`s${n}`, 1]));
    const text =
      'query ($f: PipelineRunFilter) { pipelineRuns(projectId: 10000, filter: $f) { totalCount } }';
    for (let n = 0; n < TIMES_UNTIL_COMPILED; n++) await door.query(text, { f: {} });
    door.newCalls();
    const { status, errors = [] } = await door.query(text, { f: filter });
    expect([status, errors.length, errors[0]?.extensions['code']]).toEqual([400, 1, 'BAD_USER_INPUT']);
    expect(door.newCalls()).toEqual([]);
  });
});

describe('subscriptions', () => {
  const WIDE = `subscription { pipelineRunsUpdated(projectId: 10000) {
    ${many(15, (i) => `u${i}: updates { run { ...R } }`)}
  } } fragment R on PipelineRun { ${RUN} stages { code } }`;
  const HEAD =
    'subscription { pipelineRunsUpdated(projectId: 10002) { updates { run { runId stages { code } } } } }';

  test('are rejected if one event has more objects than a response may have', async () => {
    const door = await start();
    await using client = openSocket(door.url);
    const news = client.subscribe(WIDE);
    await news.ended;
    expect([news.codes, news.events]).toEqual([['QUERY_TOO_EXPENSIVE'], []]);
    expect(door.newCalls()).toEqual([]);
  });

  test('of one caller are rejected if their events together have too many', async () => {
    await using files = await temporaryFiles();
    const tokens = ['ana', 'ben'].map((name) => ({ name, sha256: digestOf(name), projects: '*' }));
    const door = await start({
      AUTH_TOKENS_FILE: await files.write('tokens.json', tokens),
      // Each event of HEAD has 701 objects.
      LIVE_MAX_OBJECTS_PER_CALLER: '1500',
    });
    await using ana = openSocket(door.url, { headers: bearer('ana') });
    await using ben = openSocket(door.url, { headers: bearer('ben') });
    const [first, second] = [ana.subscribe(HEAD), ana.subscribe(HEAD)];
    await Promise.all([first.until(1), second.until(1)]);
    const third = ana.subscribe(HEAD);
    await third.ended;
    expect(third.codes).toEqual(['TOO_MANY_SUBSCRIPTIONS']);
    const other = ben.subscribe(HEAD);
    await other.until(1);
    first.stop();
    // The server handles the messages of a socket in their order.
    const fourth = ana.subscribe(HEAD);
    await fourth.until(1);
    expect([second.codes, other.codes, fourth.codes]).toEqual([[], [], []]);
  });
});

function runOf(door: TestGateway, selection: string): string {
  return `{ pipelineRun(projectId: 10002, runId: "${oldestRunOf(door)}") { ${selection} } }`;
}

function oldestRunOf({ simulator }: TestGateway): string {
  return simulator.runs('10002').at(-1)!.id;
}
