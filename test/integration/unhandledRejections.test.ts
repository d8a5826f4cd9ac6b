import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { type Simulator, startSimulator } from '../../simulator/server.ts';
import { postOperation } from '../support/gateway.ts';
import { startGatewayProcess } from '../support/gatewayProcess.ts';

/*
 * graphql-js drops the promises of a list's earlier items when a later item throws. The gateway ends on a rejection that nothing
 * handles, so a query that causes one would end it.
 */

let simulator: Simulator;
beforeAll(async () => {
  simulator = await startSimulator({ qps: null });
});
afterAll(() => simulator.close());

describe('a list with more objects than an answer may have', () => {
  // 82 stages a run: the limit of 4,000 is exceeded by `after` of the 49th run, whose project is still being read.
  const ROWS = 'before: stages { code } project { id } after: stages { code }';

  test.each(['on', 'off'])('leaves the process running, COMPILED_QUERIES %s', async (compiled) => {
    simulator.fault({ kind: 'manyStages', stages: 41 });
    await using gateway = startGatewayProcess({
      PORT: '0',
      DATAWORKS_ENDPOINT: simulator.url,
      ALIBABA_CLOUD_ACCESS_KEY_ID: simulator.accessKeyId,
      ALIBABA_CLOUD_ACCESS_KEY_SECRET: simulator.accessKeySecret,
      DATAWORKS_MAX_QPS: '1000',
      COMPILED_QUERIES: compiled,
    });
    const url = await gateway.url;
    const ended = gateway.exit.then(({ code }) => {
      throw new Error(`The gateway ended with ${code}: ${gateway.stdout()}`);
    });
    ended.catch(() => undefined);
    const query = (text: string) => Promise.race([postOperation(url, { query: text }), ended]);
    for (let n = 0; n < 5; n++) {
      const { status, errors } = await query(
        `{ pipelineRuns(projectId: 10000, first: 100) { nodes { ${ROWS} } } }`,
      );
      expect([status, errors?.map(({ extensions }) => extensions['code'])]).toEqual([
        400,
        ['QUERY_TOO_EXPENSIVE'],
      ]);
      expect((await query('{ __typename }')).status).toBe(200);
    }
  });
});

interface FuzzCounts {
  cases: number;
  unhandled: number;
  exits: number;
  errors: number;
  listsLeftOut: number;
}

const FUZZ = fileURLToPath(new URL('../support/rejectionFuzz.ts', import.meta.url));
const CASES = 600;

describe('generated operations whose loaders fail', () => {
  let counts: Record<string, FuzzCounts>;
  beforeAll(async () => {
    const args = ['--import', 'tsx', FUZZ, String(CASES)];
    const { stdout } = await promisify(execFile)(process.execPath, args);
    counts = JSON.parse(stdout) as Record<string, FuzzCounts>;
  }, 120_000);

  describe.each(['interpreted', 'compiled'])('%s', (executor) => {
    test('leave no rejection unhandled, wherever the object budget is exhausted', () => {
      const { errors, listsLeftOut, ...others } = counts[`${executor} valid`]!;
      expect(others).toEqual({ cases: CASES, unhandled: 0, exits: 0 });
      expect(errors).toBeGreaterThan(CASES / 4);
      expect(listsLeftOut).toBeGreaterThan(CASES / 20);
    });

    test('never terminate the process, whichever rows violate the schema', () => {
      const { unhandled, ...others } = counts[`${executor} invalid`]!;
      expect(others).toMatchObject({ cases: CASES, exits: 0 });
      // graphql-js itself drops promises then. Compiled code drops none.
      if (executor === 'interpreted') expect(unhandled).toBeGreaterThan(0);
      else expect(unhandled).toBe(0);
    });
  });
});
