import { isPlaceholderId, type PipelineRun } from '../core/domain.ts';
import type { Failure } from './freshness.ts';
import { bytesOf, MAP_SLOT } from './sizes.ts';

/** When a run was read, alone or with the others of its page. */
export interface Reading {
  asOf: number;
  version: number;
  /** The last refresh, if it failed. */
  failure: Failure | null;
}

/** A run that entries of the cache hold. */
export interface HeldRun {
  run: PipelineRun;
  /** Its last reading. Null while it is not the newest one of its id. */
  reading: Reading | null;
  holders: number;
  bytes: number;
}

/** The size of a held run in the table, without the run. */
const HELD_BYTES = 56 + MAP_SLOT;

/**
 * The runs of all entries, each stored once: lists of several filters have the same runs, and so have answers by id. A run is known as
 * long as an entry holds it.
 */
export class RunTable {
  /** The last one that was read of each id. Once it is dropped nothing is known of its id, whatever lists hold older ones. */
  readonly #newest = new Map<string, HeldRun>();
  /** All others. */
  readonly #others = new Map<PipelineRun, HeldRun>();
  #bytes = 0;

  /** The size of all runs, each counted once. */
  get bytes(): number {
    return this.#bytes;
  }

  newest(projectId: string, runId: string): HeldRun | null {
    const held = this.#newest.get(runId);
    return held?.run.projectId === projectId ? held : null;
  }

  /** The run, or the newest one of its id if they are equal. */
  shared(run: PipelineRun): PipelineRun {
    const known = this.newest(run.projectId, run.runId)?.run;
    return known && isSame(known, run) ? known : run;
  }

  /** Holds the runs for one more entry. Returns their size together. */
  hold(runs: Iterable<PipelineRun>): number {
    const counted = new Set<unknown>();
    let total = 0;
    for (const run of runs) {
      let held = this.#heldOf(run);
      if (!held) {
        held = { run, reading: null, holders: 0, bytes: HELD_BYTES + bytesOf(run, counted) };
        this.#others.set(run, held);
        this.#bytes += held.bytes;
      }
      held.holders += 1;
      total += held.bytes;
    }
    return total;
  }

  release(runs: Iterable<PipelineRun>): void {
    for (const run of runs) {
      const held = this.#heldOf(run);
      if (!held) continue;
      held.holders -= 1;
      if (held.holders > 0) continue;
      this.#bytes -= held.bytes;
      if (held.reading === null) this.#others.delete(run);
      else this.#newest.delete(run.runId);
    }
  }

  /** Records that a run was read. Without effect if it is not held, or if its id was read as late as that already. */
  noteReading(run: PipelineRun, reading: Reading): void {
    if (isPlaceholderId(run.runId)) return;
    const known = this.#newest.get(run.runId);
    if (known?.reading && known.reading.asOf >= reading.asOf) return;
    const held = this.#heldOf(run);
    if (!held) return;
    if (known && known !== held) this.#demote(known);
    this.#others.delete(run);
    this.#newest.set(run.runId, held);
    held.reading = reading;
  }

  /** Records that a run was read and was not found. */
  forget(projectId: string, runId: string): void {
    const known = this.newest(projectId, runId);
    if (!known) return;
    this.#newest.delete(runId);
    this.#demote(known);
  }

  #demote(held: HeldRun): void {
    held.reading = null;
    this.#others.set(held.run, held);
  }

  #heldOf(run: PipelineRun): HeldRun | undefined {
    const newest = this.#newest.get(run.runId);
    return newest?.run === run ? newest : this.#others.get(run);
  }
}

/** Compares values of the same type. Fast where they are the same objects, as texts that occur in many runs are. */
function isSame(one: unknown, other: unknown): boolean {
  if (one === other) return true;
  if (typeof one !== 'object' || typeof other !== 'object' || one === null || other === null) return false;
  if (Array.isArray(one) && one.length !== (other as unknown[]).length) return false;
  for (const key in one) {
    if (!isSame(one[key as keyof typeof one], other[key as keyof typeof other])) return false;
  }
  return true;
}
