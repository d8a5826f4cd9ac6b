import type { PipelineRun } from '../core/domain.ts';
import type { Page } from '../core/upstream.ts';
import { isFinished } from '../core/domain.ts';

/** The rows of one list by their distance from its end: the last one is 1. New rows at the head leave it as it is. */
export type KnownRows = Map<number, KnownRow>;

export interface KnownRow {
  run: PipelineRun;
  /** The last one that had it at its place. */
  reading: Reading;
  /** When the first one was asked for that did. */
  since: number;
}

/** What the rows of one page that was read have in common. Times are epoch milliseconds. */
export interface Reading {
  asOf: number;
  /** The page was cut from the list between `asOf` and this. */
  arrivedAt: number;
  /** The length of the list that the page was cut from. */
  totalCount: number;
  /** What a row of it weighs, about. */
  rowBytes: number;
}

/** A page put together from rows. Says nothing of how fresh things must be. */
export interface AssembledPage {
  value: Page<PipelineRun>;
  asOf: number;
  /** When the oldest part that can change at any moment was read, the list's order among them. */
  liveAsOf: number;
  /** Until when its finished rows are believed. */
  trustedUntil: number;
}

export interface ListTraits {
  pageSize: number;
  /** How long a finished row is believed without being read again, in milliseconds. */
  trustMs: number;
  /** How long what is no longer so may still be told of, in milliseconds. */
  pastMs: number;
  /**
   * Whether rows come in at the head only. Into a list of one status they come anywhere; that its head is as it was makes it
   * likely, and no more, that the rest is. Its rows are as old as their own reading, then.
   */
  growsAtHead: boolean;
}

/** Null where a row is not known. */
export function assemble(
  rows: KnownRows,
  index: number,
  head: { totalCount: number; asOf: number },
  { pageSize, trustMs, growsAtHead }: ListTraits,
): AssembledPage | null {
  const { totalCount } = head;
  const start = index * pageSize;
  const page: PipelineRun[] = [];
  let { asOf } = head;
  let liveAsOf = asOf;
  let trustedUntil = Infinity;
  for (let offset = start; offset < Math.min(start + pageSize, totalCount); offset++) {
    const row = rows.get(totalCount - offset);
    if (!row) return null;
    page.push(row.run);
    const isLive = !isFinished(row.run);
    // A finished run does not change. The head confirms its place only in a list that grows at its head.
    if (isLive || !growsAtHead) {
      asOf = Math.min(asOf, row.reading.asOf);
      liveAsOf = Math.min(liveAsOf, row.reading.asOf);
    }
    if (!isLive) trustedUntil = Math.min(trustedUntil, row.reading.asOf + trustMs);
  }
  const value = { rows: page, totalCount, pageNumber: index + 1, pageSize };
  return { value, asOf, liveAsOf, trustedUntil };
}

/**
 * Puts a page's rows at their places. Gives false, and leaves things as they are, where another row was read at one of these
 * places later; a row read there earlier shows that the list moved unseen, and then `forgetOthers` is called first.
 */
export function place(
  rows: KnownRows,
  index: number,
  { rows: page, totalCount, pageSize }: Page<PipelineRun>,
  reading: Reading,
  forgetOthers: () => void,
): boolean {
  const first = totalCount - index * pageSize;
  const others = page
    .map(({ runId }, at) => ({ runId, known: rows.get(first - at) }))
    .filter(({ runId, known }) => known && known.run.runId !== runId);
  if (others.some(({ known }) => known && known.reading.asOf > reading.asOf)) return false;
  if (others.length > 0) forgetOthers();
  page.forEach((run, at) => {
    const known = rows.get(first - at);
    if (known && known.reading.asOf > reading.asOf) return;
    rows.set(first - at, { run, reading, since: known?.since ?? reading.asOf });
  });
  return true;
}

/**
 * As `assemble`, for a head that is followed by later ones: null also where it is not known that the rows were together, since
 * neither one reading brought them all nor a head that went on from this one came after each.
 *
 * @param confirmedAt when the last such head was read
 */
export function assemblePast(
  rows: KnownRows,
  index: number,
  head: { totalCount: number; asOf: number },
  confirmedAt: number,
  traits: ListTraits,
): AssembledPage | null {
  const page = assemble(rows, index, head, traits);
  if (page === null) return null;
  const first = head.totalCount - index * traits.pageSize;
  const known = page.value.rows.map((_, at) => rows.get(first - at)).filter((row) => row !== undefined);
  const [one, ...others] = new Set(known.map(({ reading }) => reading));
  if (one !== undefined && others.length === 0) {
    // When the rows were read, the list may have grown beyond this length already.
    return one.totalCount === head.totalCount ? { ...page, asOf: Math.max(page.asOf, one.asOf) } : page;
  }
  return known.every(({ since }) => since < confirmedAt) ? page : null;
}
