import type { RunTable, RunRow } from './runTable.ts';
import { createRunTable } from './runTable.ts';
import { objectIdsOf } from './items.ts';
import type { ProjectSpec } from './projects.ts';
import { creatorOf, statusOf } from './runs.ts';
import type { Status } from './vocabulary.ts';

/** Filters of a list of runs, in the vocabulary of the upstream. */
export interface RunFilter {
  status?: Status;
  creator?: string;
  /** A run matches if it publishes this object. */
  objectId?: string;
}

export interface AccountOptions {
  seed: number;
  projects: readonly ProjectSpec[];
  now: () => number;
  newRunEveryMs: Readonly<Record<string, number>>;
}

/** The simulated account: its projects and their runs. */
export interface Account {
  now(): number;
  projects: readonly ProjectSpec[];
  project(projectId: string): ProjectSpec | null;
  /** Throws a RangeError for a project that the account does not have. */
  runsOf(projectId: string): RunTable;
  /** Of the runs that match, newest first. */
  serials(projectId: string, filter: RunFilter): number[];
}

export function createAccount(options: AccountOptions): Account {
  const projects = new Map(options.projects.map((project) => [project.id, project]));
  const tables = new Map<string, RunTable>();
  // Created eagerly: new runs are due from the start, not from the first read.
  for (const project of options.projects) {
    const newRunEveryMs = options.newRunEveryMs[project.id] ?? null;
    tables.set(project.id, createRunTable(project, { ...options, newRunEveryMs }));
  }

  return {
    now: options.now,
    projects: options.projects,
    project: (projectId) => projects.get(projectId) ?? null,
    runsOf,
    serials(projectId, filter) {
      const runs = runsOf(projectId);
      const serials = runs.serials();
      if (Object.keys(filter).length === 0) return serials;
      return serials.filter((serial) => matches(runs.row(serial), filter, options.now()));
    },
  };

  function runsOf(projectId: string): RunTable {
    const found = tables.get(projectId);
    if (!found) throw new RangeError(`The simulator has no project ${projectId}.`);
    return found;
  }
}

function matches(run: RunRow, filter: RunFilter, now: number): boolean {
  return (
    (filter.creator === undefined || creatorOf(run) === filter.creator) &&
    (filter.status === undefined || statusOf(run, now) === filter.status) &&
    (filter.objectId === undefined || objectIdsOf(run).includes(filter.objectId))
  );
}
