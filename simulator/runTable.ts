import type { ProjectSpec } from './projects.ts';
import { hexDigits, roll } from './random.ts';

/** The identity of a run. All its other fields follow from the seed. */
export interface RunRow {
  id: string;
  projectId: string;
  /** Epoch milliseconds. */
  createTime: number;
  seed: number;
}

export interface RunTableOptions {
  seed: number;
  now: () => number;
  /** Milliseconds between new runs; null for only those that `add` creates. */
  newRunEveryMs: number | null;
}

/** The runs of one project. The serial number of a run counts from the oldest, 0, so that new runs do not change it. */
export interface RunTable {
  /** Newest first, including those that are due by now. */
  serials: () => number[];
  row: (serial: number) => RunRow;
  find: (runId: string) => RunRow | null;
  /**
   * Adds runs at the head, regardless of their time, and returns them newest first.
   * @param createTime default: now, or a millisecond after the newest run; give one for runs that tie.
   */
  add: (count: number, createTime?: number) => RunRow[];
  /** False if there is no such run. */
  remove: (runId: string) => boolean;
}

const SPACING_MS = 5 * 60_000;
/** Every so many-th of the first runs was created in the same millisecond as the one before. */
const TIE_EVERY = 97;

/** An odd multiplier and its inverse modulo 2^32: they scramble a serial number reversibly. */
const SCRAMBLE = 0x9e3779b1;
const UNSCRAMBLE = 0x0e8b2f51;

/** Rows are created lazily, so forty runs cost as much as a million. */
export function createRunTable(project: ProjectSpec, options: RunTableOptions): RunTable {
  const projectSeed = roll(options.seed, `project ${project.id}`);
  const startedAt = options.now();
  const addedAt: number[] = [];
  const removed = new Set<number>();
  let driftedAt = startedAt;

  return {
    serials() {
      drift();
      const serials: number[] = [];
      for (let serial = project.runCount + addedAt.length - 1; serial >= 0; serial--) {
        if (!removed.has(serial)) serials.push(serial);
      }
      return serials;
    },
    row,
    find,
    add(count, createTime) {
      drift();
      return Array.from({ length: count }, () =>
        append(createTime ?? Math.max(options.now(), newestTime() + 1)),
      ).reverse();
    },
    remove(runId) {
      if (find(runId) === null) return false;
      removed.add(serialFromId(runId, projectSeed));
      return true;
    },
  };

  function find(runId: string): RunRow | null {
    drift();
    const serial = serialFromId(runId, projectSeed);
    const exists = serial < project.runCount + addedAt.length && !removed.has(serial);
    return exists && idOf(serial) === runId ? row(serial) : null;
  }

  function idOf(serial: number): string {
    return runIdOf(serial, projectSeed) + (project.runIdSuffix ?? '');
  }

  function row(serial: number): RunRow {
    return {
      id: idOf(serial),
      projectId: project.id,
      createTime: addedAt[serial - project.runCount] ?? firstTime(serial),
      seed: roll(projectSeed, serial),
    };
  }

  function drift(): void {
    if (options.newRunEveryMs === null) return;
    for (; driftedAt + options.newRunEveryMs <= options.now(); driftedAt += options.newRunEveryMs) {
      append(driftedAt + options.newRunEveryMs);
    }
  }

  function append(createTime: number): RunRow {
    addedAt.push(createTime);
    return row(project.runCount + addedAt.length - 1);
  }

  function newestTime(): number {
    return addedAt.at(-1) ?? firstTime(project.runCount - 1);
  }

  /** One run a slot, in a whole second of it, as in the reference document's sample. */
  function firstTime(serial: number): number {
    if (serial % TIE_EVERY === TIE_EVERY - 1) return firstTime(serial - 1);
    const slot = startedAt - (startedAt % 1000) - (project.runCount - serial) * SPACING_MS;
    return slot + (roll(projectSeed, serial) % (SPACING_MS / 1000)) * 1000;
  }
}

/** A UUID whose first eight digits are the serial number, scrambled, so that a run is found without a search. */
function runIdOf(serial: number, projectSeed: number): string {
  const seed = roll(projectSeed, serial);
  const hex = (part: string, count: number) => hexDigits(seed, `id ${part}`, count);
  const scrambled = (Math.imul(serial ^ projectSeed, SCRAMBLE) >>> 0).toString(16).padStart(8, '0');
  return `${scrambled}-${hex('a', 4)}-4${hex('b', 3)}-a${hex('c', 3)}-${hex('d', 8)}${hex('e', 4)}`;
}

function serialFromId(runId: string, projectSeed: number): number {
  return (Math.imul(Number.parseInt(runId.slice(0, 8), 16), UNSCRAMBLE) ^ projectSeed) >>> 0;
}
