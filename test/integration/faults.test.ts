import { describe, expect, test } from '@jest/globals';
import type { Fault } from '../../simulator/faults.ts';
import { startTestGateway } from '../support/gateway.ts';

/** Every fault with its probability, drawn from the seed. Hangs are excluded because they only end by a timeout. */
const faultsOf = (seed: number): Fault[] => [
  { kind: 'throttle', guise: 'Throttling.User', probability: 0.1, seed },
  { kind: 'throttle', guise: '9990020002 as 400', probability: 0.05, seed: seed + 1 },
  { kind: 'http5xx', probability: 0.1, seed: seed + 2 },
  { kind: 'html502', probability: 0.1, seed: seed + 3 },
  { kind: 'empty500', probability: 0.05, seed: seed + 4 },
  { kind: 'dropBeforeHeaders', probability: 0.1, seed: seed + 5 },
  { kind: 'dropMidBody', probability: 0.05, seed: seed + 6 },
  { kind: 'truncatedJson', probability: 0.1, seed: seed + 7 },
  { kind: 'html200', probability: 0.05, seed: seed + 8 },
  { kind: 'empty200', probability: 0.05, seed: seed + 9 },
  { kind: 'numbersAsStrings', probability: 0.2, seed: seed + 10 },
];

const CODES = new Set([
  'UPSTREAM_THROTTLED',
  'UPSTREAM_UNAVAILABLE',
  'UPSTREAM_INVALID_RESPONSE',
  'UPSTREAM_TIMEOUT',
]);

describe('any mix of upstream faults', () => {
  test.each([1, 2, 3])('causes only valid states of the list or coded errors (schedule %i)', async (seed) => {
    await using gateway = await startTestGateway({
      settings: { CACHE_FRESH_MS: '0', REQUEST_DEADLINE_MS: '400' },
    });
    const { simulator } = gateway;
    const states: { since: number; ids: string[] }[] = [];
    const note = () =>
      void states.push({ since: Date.now(), ids: simulator.runs('10002').map(({ id }) => id) });
    note();
    for (const fault of faultsOf(seed)) simulator.fault(fault);
    const seen = { rows: 0, stale: 0, errors: 0 };
    for (let n = 0; n < 60; n++) {
      if (n % 7 === 0) {
        simulator.addRuns('10002', 1);
        note();
      }
      const { data, errors } = await gateway.query(
        '{ pipelineRuns(projectId: 10002, first: 100) { totalCount nodes { runId } asOf staleBecause } }',
      );
      if (data.pipelineRuns === null) {
        seen.errors += 1;
        expect(CODES).toContain(errors![0]!.extensions['code']);
        continue;
      }
      const { totalCount, nodes, asOf, staleBecause } = data.pipelineRuns;
      const ids = nodes.map(({ runId }: { runId: string }) => runId);
      seen.rows += 1;
      if (staleBecause !== null) seen.stale += 1;
      // A state is valid from its start until the start of the next one.
      const truth = states.filter((_, at) => (states[at + 1]?.since ?? Infinity) >= Date.parse(asOf));
      expect(truth.map((state) => state.ids.join())).toContain(ids.join());
      expect(totalCount).toBe(ids.length);
    }
    expect(seen.rows).toBeGreaterThan(40);
    expect(seen.stale).toBeGreaterThan(0);
  });
});
