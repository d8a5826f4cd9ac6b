/** The stages and times of a run: a pure function of its seed and of the milliseconds since it was created. */
import { between, oneIn, pick } from './random.ts';
import type { Status } from './vocabulary.ts';

export interface StagePlan {
  /** An open set: the SDK's samples have DEV_CHECK and DEV, an observed workspace BUILD_PACKAGE, PROD_CHECK and PROD. */
  code: string;
  /** Delete is documented too, but no sample of a pipeline has it. */
  type: 'Deploy' | 'Check' | 'Offline' | 'Build';
  title: string;
}

export interface LifePlan {
  stages: readonly StagePlan[];
  outcome: Extract<Status, 'Success' | 'Fail' | 'Termination' | 'Cancel'>;
  /** Milliseconds from creation to the start of each stage that runs, and then to the end. */
  turnsMs: readonly number[];
}

export interface LifeState {
  status: Status;
  stages: readonly Status[];
  /** Milliseconds from creation to the last change. */
  changedMs: number;
}

const BUILD_PACKAGE: StagePlan = { code: 'BUILD_PACKAGE', type: 'Build', title: 'Build the release package' };
const DEV_CHECK: StagePlan = {
  code: 'DEV_CHECK',
  type: 'Check',
  title: 'Check before going online to development',
};
const DEV: StagePlan = { code: 'DEV', type: 'Deploy', title: 'Deploy to development' };
const PROD_CHECK: StagePlan = {
  code: 'PROD_CHECK',
  type: 'Check',
  title: 'Check before going online to production',
};
const PROD: StagePlan = { code: 'PROD', type: 'Deploy', title: 'Deploy to production' };
const OFFLINE_CHECK: StagePlan = { code: 'OfflineCheck', type: 'Check', title: 'Check before going offline' };
const PROD_OFFLINE: StagePlan = { code: 'PROD', type: 'Offline', title: 'Take offline in production' };

const pipelines = [
  [BUILD_PACKAGE, PROD_CHECK, PROD],
  [BUILD_PACKAGE, PROD_CHECK, PROD],
  [DEV_CHECK, DEV, PROD_CHECK, PROD],
  [BUILD_PACKAGE, DEV_CHECK, DEV, PROD_CHECK, PROD],
  [OFFLINE_CHECK, PROD_CHECK, PROD_OFFLINE],
] as const;

const outcomes = [
  ...(['Success', 'Success', 'Success', 'Success', 'Success', 'Success', 'Success'] as const),
  ...(['Fail', 'Termination', 'Cancel'] as const),
] as const;

const HOUR_MS = 3_600_000;

export function lifePlan(seed: number): LifePlan {
  const stages = pick<readonly StagePlan[]>(seed, 'pipeline', pipelines);
  const outcome = pick(seed, 'outcome', outcomes);
  const stagesRun = outcome === 'Success' ? stages.length : between(seed, 'last stage', 1, stages.length);
  // A run that needs someone to move it on stays Running for hours, so not every old run is a finished one.
  const longWaitAt = oneIn(seed, 'waits', 40) ? between(seed, 'waits at', 0, stagesRun) : -1;
  const turnsMs: number[] = [];
  let elapsedMs = 0;
  for (let turn = 0; turn <= stagesRun; turn++) {
    elapsedMs +=
      turn === 0 ? between(seed, 'queued', 1000, 4000) : between(seed, `stage ${turn}`, 60_000, 240_000);
    if (turn === longWaitAt) elapsedMs += between(seed, 'wait', HOUR_MS, 6 * HOUR_MS);
    turnsMs.push(elapsedMs);
  }
  return { stages, outcome, turnsMs };
}

export function lifeState(plan: LifePlan, elapsedMs: number): LifeState {
  const turnsTaken = plan.turnsMs.filter((turnMs) => turnMs <= elapsedMs).length;
  const isOver = turnsTaken === plan.turnsMs.length;
  const current = isOver ? turnsTaken - 2 : turnsTaken - 1;
  const status = isOver ? plan.outcome : turnsTaken === 0 ? 'Init' : 'Running';
  return {
    status,
    stages: plan.stages.map((_, index) =>
      index < current ? 'Success' : index === current ? status : 'Init',
    ),
    changedMs: plan.turnsMs[turnsTaken - 1] ?? 0,
  };
}
