import type { Clock } from '../../src/core/clock.ts';
import type { PipelineRun, PipelineRunFilter } from '../../src/core/domain.ts';
import type { Dice } from '../../test/support/dice.ts';

/*
 * The truth: one project's runs and every version that each list of them ever had.
 */

/** A list from `since` until the next version. */
export interface Version {
  since: number;
  runs: readonly PipelineRun[];
  /** How many rows the upstream claims to have besides these. */
  extraTotal: number;
}

export interface Model {
  projectId: string;
  /** The runs that match now, newest first. */
  runs(filter: PipelineRunFilter): readonly PipelineRun[];
  extraTotal(): number;
  /** The versions of a list that were true at some time from `from` to `until`, in epoch milliseconds. */
  versions(filter: PipelineRunFilter, from: number, until: number): Version[];
  /** The states that a run had in that time; null for a time in which there was no such run. */
  statesOf(runId: string, from: number, until: number): (PipelineRun | null)[];
  /** Changes something at random. */
  churn(dice: Dice): void;
  setExtraTotal(extraTotal: number): void;
}

const FINISHED = ['SUCCEEDED', 'FAILED', 'TERMINATED'] as const;
const CREATORS = ['ana', 'ben', 'cem'] as const;

/**
 * Nothing else changes so long before and after a run is deleted. The pages of a window are read at once, and a run that is deleted
 * while another is added between those reads leaves nothing on the pages that shows it.
 */
const QUIET_MS = 60;

/** No later request concerns an older state. */
const MAX_VERSIONS = 4000;

export function createModel(clock: Clock, dice: Dice, length: number): Model {
  const projectId = '7';
  let serial = 0;
  let lastTime = 0;
  let quietUntil = -Infinity;
  const versions: Version[] = [];
  change(Array.from({ length }, () => newRun(dice.chance(0.1) ? 'RUNNING' : 'SUCCEEDED')).reverse());

  return {
    projectId,
    runs: (filter) => current().runs.filter((run) => matches(run, filter)),
    extraTotal: () => current().extraTotal,
    versions: (filter, from, until) =>
      between(from, until).map((version) => ({
        ...version,
        runs: version.runs.filter((run) => matches(run, filter)),
      })),
    statesOf: (runId, from, until) =>
      between(from, until).map(({ runs }) => runs.find((run) => run.runId === runId) ?? null),
    churn(dice) {
      const { runs, since } = current();
      if (clock.now() < quietUntil) return;
      const kind = dice(20);
      if (kind < 9) change([...newRuns(1 + dice(3)), ...runs]);
      else if (kind < 18) change(finishOne(runs, dice));
      else if (kind < 19) change([...newRuns(12), ...runs]);
      else if (since < clock.now() - QUIET_MS) {
        quietUntil = clock.now() + QUIET_MS;
        const deleted = dice(runs.length);
        change(runs.filter((_, at) => at !== deleted));
      }
    },
    setExtraTotal(extraTotal) {
      change(current().runs, extraTotal);
    },
  };

  function current(): Version {
    const version = versions.at(-1);
    if (!version) throw new Error('The list has no version yet.');
    return version;
  }

  function change(runs: readonly PipelineRun[], extraTotal = versions.at(-1)?.extraTotal ?? 0): void {
    versions.push({ since: clock.now(), runs, extraTotal });
    if (versions.length > MAX_VERSIONS) versions.splice(0, MAX_VERSIONS / 4);
  }

  function between(from: number, until: number): Version[] {
    const first = versions.findLastIndex(({ since }) => since < from);
    return versions.slice(Math.max(0, first)).filter(({ since }) => since <= until);
  }

  function newRuns(count: number): PipelineRun[] {
    return Array.from({ length: count }, () => newRun('RUNNING')).reverse();
  }

  function newRun(status: PipelineRun['status']): PipelineRun {
    serial += 1;
    lastTime = Math.max(lastTime + 1, clock.now());
    return {
      runId: `run-${serial}`,
      projectId,
      createTime: lastTime,
      modifyTime: lastTime,
      creator: CREATORS[serial % CREATORS.length] ?? null,
      status,
      rawStatus: status,
      message: null,
      description: null,
      stages: [],
    };
  }

  /** One of the newer runs, mostly: as with real ones, those that are under way are near the head. */
  function finishOne(runs: readonly PipelineRun[], dice: Dice): readonly PipelineRun[] {
    const running = runs.filter(({ status }) => status === 'RUNNING');
    if (running.length === 0) return runs;
    const chosen = dice.pick(running);
    const status = dice.pick(FINISHED);
    const finished = { ...chosen, status, rawStatus: status, modifyTime: clock.now() };
    return runs.map((run) => (run === chosen ? finished : run));
  }
}

function matches(run: PipelineRun, { status, creator }: PipelineRunFilter): boolean {
  return (
    (status === undefined || run.status === status) && (creator === undefined || run.creator === creator)
  );
}
