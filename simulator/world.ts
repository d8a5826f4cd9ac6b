import type { History, RunRow } from './history.ts';
import { createHistory } from './history.ts';
import { objectIdsOf } from './items.ts';
import type { ProjectSpec } from './projects.ts';
import { creatorOf, statusOf } from './runs.ts';
import type { Status } from './vocabulary.ts';

/** What narrows a list of runs, in the upstream's own words. */
export interface RunFilter {
  status?: Status;
  creator?: string;
  /** A run matches if it publishes this object. */
  objectId?: string;
}

export interface WorldOptions {
  seed: number;
  projects: readonly ProjectSpec[];
  now: () => number;
  newRunEveryMs: Readonly<Record<string, number>>;
}

/** All that the simulated account holds. */
export interface World {
  now(): number;
  projects: readonly ProjectSpec[];
  project(projectId: string): ProjectSpec | null;
  /** Throws a RangeError for a project that the world does not have. */
  history(projectId: string): History;
  /** Of the runs that match, newest first. */
  serials(projectId: string, filter: RunFilter): number[];
}

export function createWorld(options: WorldOptions): World {
  const projects = new Map(options.projects.map((project) => [project.id, project]));
  const histories = new Map<string, History>();
  // Made at once, since new runs come due from the start and not from the first look.
  for (const project of options.projects) {
    const newRunEveryMs = options.newRunEveryMs[project.id] ?? null;
    histories.set(project.id, createHistory(project, { ...options, newRunEveryMs }));
  }

  return {
    now: options.now,
    projects: options.projects,
    project: (projectId) => projects.get(projectId) ?? null,
    history,
    serials(projectId, filter) {
      const runs = history(projectId);
      const serials = runs.serials();
      if (Object.keys(filter).length === 0) return serials;
      return serials.filter((serial) => matches(runs.row(serial), filter, options.now()));
    },
  };

  function history(projectId: string): History {
    const found = histories.get(projectId);
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
