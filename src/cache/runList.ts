import type { Answer, Page, PipelineRun } from '../model.ts';
import { FINISHED_FRESH_MS, isFinished } from './freshness.ts';
import type { Trouble, View } from './serve.ts';

/*
 * What is known of one list of runs. New runs arrive at the head and push all others down, so rows are kept by their distance
 * from the list's end, which a new run does not change. A newly read head says whether that is all that happened: its rows
 * behind the new ones must be, id for id, those that the old head began with. Then every row known is still known, and one
 * call has confirmed the whole list. Where that is not so (a row has left the list, the order is another one, more has arrived
 * than a page holds) all but the head is forgotten. Pure: no calls and no clock.
 */

export interface RunList {
  /** The page as far as it is known, or null. `freshMs` as in the settings. */
  view(index: number, freshMs: number): View<Page<PipelineRun>> | null;
  /** Takes in a page that was read. */
  learn(index: number, answer: Answer<Page<PipelineRun>>, freshMs: number): void;
  /** Remembers that a page could not be refreshed. */
  fail(index: number, trouble: Trouble): void;
  /** Whether the head is known at all. */
  readonly hasHead: boolean;
  /** Epoch milliseconds at which the head was read, or -Infinity. */
  readonly headAsOf: number;
  readonly rowCount: number;
  /** Forgets all rows but the head's. */
  forgetDepth(): void;
}

interface KnownRow {
  run: PipelineRun;
  /** Epoch milliseconds at which the row itself was read. */
  asOf: number;
}

interface Head {
  ids: string[];
  totalCount: number;
  asOf: number;
}

export function createRunList(pageSize: number): RunList {
  let head: Head | null = null;
  /** By distance from the list's end: the last row is 1. */
  const rows = new Map<number, KnownRow>();
  /** Deep pages that no head has vouched for yet: usable on their own, for as long as a head is. */
  const alone = new Map<number, Answer<Page<PipelineRun>>>();
  const troubles = new Map<number, Trouble>();

  return {
    view(index, freshMs) {
      const together = head && assembled(index, head, freshMs);
      const own = alone.get(index);
      if (own && (together === null || own.asOf > together.asOf)) {
        return {
          value: own.value,
          asOf: own.asOf,
          freshUntil: own.asOf + freshMs,
          trouble: troubles.get(index) ?? null,
        };
      }
      return together;
    },
    learn(index, answer, freshMs) {
      troubles.delete(index);
      if (index === 0) learnHead(answer, freshMs);
      else if (head && belongsTo(head, answer.value)) place(index, answer);
      else alone.set(index, answer);
    },
    fail: (index, trouble) => void troubles.set(index, trouble),
    get hasHead() {
      return head !== null;
    },
    get headAsOf() {
      return head?.asOf ?? -Infinity;
    },
    get rowCount() {
      return rows.size + alone.size * pageSize;
    },
    forgetDepth() {
      alone.clear();
      if (head === null) rows.clear();
      else
        for (const distance of rows.keys())
          if (distance <= head.totalCount - head.ids.length) rows.delete(distance);
    },
  };

  function assembled(
    index: number,
    { totalCount, asOf: headAsOf }: Head,
    freshMs: number,
  ): View<Page<PipelineRun>> | null {
    const start = index * pageSize;
    const page: PipelineRun[] = [];
    let asOf = headAsOf;
    let freshUntil = headAsOf + freshMs;
    for (let offset = start; offset < Math.min(start + pageSize, totalCount); offset++) {
      const row = rows.get(totalCount - offset);
      if (!row) return null;
      page.push(row.run);
      // A finished run is what it was; the head confirms its place. One under way is as old as its own reading.
      if (!isFinished(row.run)) asOf = Math.min(asOf, row.asOf);
      freshUntil = Math.min(freshUntil, row.asOf + (isFinished(row.run) ? FINISHED_FRESH_MS : freshMs));
    }
    const trouble = troubles.get(0) ?? troubles.get(index) ?? null;
    return { value: { rows: page, totalCount, pageNumber: index + 1, pageSize }, asOf, freshUntil, trouble };
  }

  function learnHead(answer: Answer<Page<PipelineRun>>, freshMs: number): void {
    const { value, asOf } = answer;
    if (head && asOf < head.asOf) return;
    if (!head || !isHeadInsert(head, value)) rows.clear();
    head = { ids: value.rows.map(({ runId }) => runId), totalCount: value.totalCount, asOf };
    place(0, answer);
    for (const [index, page] of alone) {
      if (page.asOf < asOf - freshMs) alone.delete(index);
      else if (belongsTo(head, page.value)) {
        alone.delete(index);
        place(index, page);
      }
    }
  }

  function place(index: number, { value, asOf }: Answer<Page<PipelineRun>>): void {
    alone.delete(index);
    value.rows.forEach((run, at) => {
      const distance = value.totalCount - index * pageSize - at;
      const known = rows.get(distance);
      if (!known || known.asOf <= asOf || known.run.runId !== run.runId) rows.set(distance, { run, asOf });
    });
  }
}

/** Whether the new head is the old one with new rows in front of it and nothing else. */
function isHeadInsert(old: Head, { rows, totalCount }: Page<PipelineRun>): boolean {
  const inserted = totalCount - old.totalCount;
  if (inserted < 0 || (inserted >= rows.length && old.totalCount > 0)) return false;
  return rows.slice(inserted).every(({ runId }, at) => old.ids[at] === undefined || old.ids[at] === runId);
}

/** Whether a deep page was cut from the list as this head shows it. */
function belongsTo(head: Head, page: Page<PipelineRun>): boolean {
  const ids = new Set(head.ids);
  return page.totalCount === head.totalCount && page.rows.every(({ runId }) => !ids.has(runId));
}
