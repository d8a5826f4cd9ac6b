import { isPlaceholderId, type PipelineRun } from '../core/domain.ts';
import type { Actions } from '../core/upstream.ts';
import type { Entries, Entry } from './entries.ts';
import type { EntryStorage } from './entryCache.ts';
import { lastingMs } from './freshness.ts';
import { keyOf } from './keys.ts';
import type { Reading } from './runTable.ts';

type Params = Actions['GetPipelineRun']['params'];

/**
 * Runs by id, from lists and from calls of their own. Both are in the table of runs; an entry only holds there what a call returned,
 * or says that there is no such run.
 */
export function createRunStorage(entries: Entries): EntryStorage<Params, PipelineRun | null> {
  const { runs } = entries;
  return {
    peek: (params) => fromTable(params) ?? ownValueOf(entries.peek(keyOf.GetPipelineRun(params)), params),
    use: (params) => entries.use(keyOf.GetPipelineRun(params)),
    store(params, value, asOf, failure) {
      const key = keyOf.GetPipelineRun(params);
      runs.forget(params.projectId, params.runId);
      const run = value && runs.shared(value);
      const held = run ? [run] : [];
      const runBytes = runs.hold(held);
      const lasting = lastingMs.GetPipelineRun(run);
      entries.store(key, { value: run, asOf, failure, lastingMs: lasting, bytes: 0, runs: held, runBytes });
      if (run) runs.noteReading(run, { asOf, failure, version: entries.nextVersion() });
    },
    fail(params, failure) {
      const { projectId, runId } = params;
      const held = runs.newest(projectId, runId);
      if (held?.reading) held.reading = { ...held.reading, failure };
      const entry = entries.peek(keyOf.GetPipelineRun(params));
      if (entry) entry.failure = failure;
    },
  };

  function fromTable({ projectId, runId }: Params): Entry<PipelineRun> | null {
    const held = runs.newest(projectId, runId);
    if (!held?.reading) return null;
    const { run, reading } = held;
    const { asOf, failure, version } = reading;
    const lasting = lastingMs.GetPipelineRun(run);
    const trustedUntil = asOf + (lasting ?? Infinity);
    return { value: run, asOf, failure, version, isShortLived: lasting === null, trustedUntil };
  }
}

/** Records the reading of a run that is held for a list, unless a call has found later that there is no such run. */
export function noteListed(entries: Entries, run: PipelineRun, reading: Reading): void {
  if (isPlaceholderId(run.runId)) return;
  if (entries.runs.newest(run.projectId, run.runId) === null) {
    const key = keyOf.GetPipelineRun(run);
    const own = ownValueOf(entries.peek(key), run);
    if (own && own.asOf >= reading.asOf) return;
    if (own) entries.delete(key);
  }
  entries.runs.noteReading(run, reading);
}

/** What an entry says if the table does not know the id. A run of this id that the table has dropped may be older than one served since. */
function ownValueOf(entry: Entry | undefined, { runId }: Params): Entry<PipelineRun | null> | null {
  const value = entry?.value as PipelineRun | null | undefined;
  return entry && value?.runId !== runId ? (entry as Entry<PipelineRun | null>) : null;
}
