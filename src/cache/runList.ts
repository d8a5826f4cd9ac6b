import type { PipelineRun } from '../core/domain.ts';
import type { UpstreamResult, Page } from '../core/upstream.ts';
import { createGivenPages, type GivenPages } from './givenPages.ts';
import {
  assemble,
  type AssembledPage,
  assemblePast,
  type KnownRows,
  type ListTraits,
  place,
  type Reading,
} from './knownRows.ts';
import type { Trouble, View } from './serve.ts';

/*
 * What is known of one list of runs. New runs arrive at the head and push all others down, so rows are kept by their distance
 * from the list's end, which a new run does not change. A newly read head says whether that is all that happened: its rows
 * behind the new ones must be, id for id, those that the old head began with. Then every row known is still known, and one
 * call has confirmed the whole list. Where that is not so (a row has left the list, the order is another one, more has arrived
 * than a page holds) nothing but the head is known of the list as it is.
 *
 * A row is put among these only from a page that was asked for when the head was there already and that agrees with it on the
 * length. What happened between the two shows when the next head comes: where rows had left and others come, so that the
 * length was the same again, that head does not begin with the old one's rows.
 *
 * What was is kept for a while as well: the heads that later ones went on from, by which a page can be put together that the
 * list as it is would have with rows that nobody has read, the rows from before the list broke, and pages that never belonged
 * to any head. It is for when nothing newer can be had. Pure: no calls and no clock.
 */

export interface RunList {
  /** The page as far as it is known, or null. `freshMs` as in the settings. */
  view(index: number, freshMs: number): View<Page<PipelineRun>> | null;
  /** The page as it was last known to be, where it is not known as it is; or null. It has ceased to be fresh. */
  pastView(index: number): View<Page<PipelineRun>> | null;
  /** Takes in a page that was read: when it arrived, in epoch milliseconds, and what it weighs. */
  learn(index: number, answer: RunPage, arrival: Arrival): void;
  /** Remembers that a page could not be refreshed. */
  fail(index: number, trouble: Trouble): void;
  /** Whether a new head could confirm the page, so that it need not be read. */
  canBeConfirmed(index: number): boolean;
  /** Epoch milliseconds at which the head was read, or -Infinity. */
  readonly headAsOf: number;
  /** When a head was read that does not go on where the last one was: what was read before may be outdated. Or -Infinity. */
  readonly brokenAt: number;
  /** About what all that is known weighs. */
  readonly bytes: number;
  /** The pages as they were answered last. */
  readonly given: GivenPages;
  /** Forgets all but the head, and all that was. */
  forgetDepth(): void;
}

/** Of a list that changes all the time, more than this is not kept of what was. */
const MAX_FORMER_HEADS = 64;
const MAX_EPOCHS = 16;

/** What a row weighs, about, where none is known to go by. */
const USUAL_ROW_BYTES = 3000;

type RunPage = UpstreamResult<Page<PipelineRun>>;

interface Arrival {
  arrivedAt: number;
  bytes: number;
}

interface Head {
  ids: string[];
  totalCount: number;
  asOf: number;
  arrivedAt: number;
}

/** That a list had this length, and was last seen so then. */
type HeadMark = Pick<Head, 'totalCount' | 'asOf'>;

/** The list between two times at which it broke. The heads are the newest first. */
interface Epoch {
  rows: KnownRows;
  heads: HeadMark[];
  /** When the last of its heads was read. */
  confirmedAt: number;
}

/** A page as it was read last: usable on its own for as long as a head is, whatever the rest of the list does. */
interface OwnPage {
  answer: RunPage;
  arrival: Arrival;
  /** Whether its rows are among those that the head confirms. */
  isPlaced: boolean;
}

export function createRunList(traits: ListTraits): RunList {
  let head: Head | null = null;
  let brokenAt = -Infinity;
  const rows: KnownRows = new Map();
  const ownPages = new Map<number, OwnPage>();
  let formerHeads: HeadMark[] = [];
  let pastEpochs: Epoch[] = [];
  const pastPages = new Map<number, OwnPage>();
  const given = createGivenPages();
  const troubles = new Map<number, Trouble>();
  /** Putting a page together takes longer than all else about a hit. */
  const assembled = new Map<number, AssembledPage>();

  return {
    view(index, freshMs) {
      const confirmed = confirmedPage(index);
      const own = ownPages.get(index)?.answer;
      const trouble = troubleAt(index);
      if (own && (confirmed === null || own.asOf > confirmed.asOf)) {
        const { value, asOf } = own;
        return { value, asOf, freshUntil: asOf + freshMs, isShortLived: true, trouble };
      }
      if (confirmed === null) return null;
      const { value, asOf, liveAsOf, trustedUntil } = confirmed;
      return {
        value,
        asOf,
        freshUntil: Math.min(liveAsOf + freshMs, trustedUntil),
        isShortLived: true,
        trouble,
      };
    },
    pastView(index) {
      const past = pastPage(index);
      if (past === null) return null;
      const { value, asOf } = past;
      return {
        value,
        asOf,
        freshUntil: asOf,
        isShortLived: true,
        trouble: troubleAt(index),
      };
    },
    learn(index, answer, arrival) {
      assembled.clear();
      troubles.delete(index);
      if (index === 0) learnHead(answer, arrival);
      else learnDeep(index, { answer, arrival, isPlaced: false });
    },
    fail(index, trouble) {
      // The head's holds for all. Else only what is known can be in trouble, which bounds how many troubles there are.
      const isKnown = index === 0 || ownPages.has(index) || isInList(index) || pastPage(index) !== null;
      if (isKnown) troubles.set(index, trouble);
    },
    canBeConfirmed: (index) => confirmedPage(index) !== null,
    given,
    get headAsOf() {
      return head?.asOf ?? -Infinity;
    },
    get brokenAt() {
      return brokenAt;
    },
    get bytes() {
      let bytes = 0;
      const runs: PipelineRun[] = [];
      for (const known of [rows, ...pastEpochs.map((epoch) => epoch.rows)]) {
        for (const { run, reading } of known.values()) {
          bytes += reading.rowBytes;
          runs.push(run);
        }
      }
      bytes += given.rowsBesides(runs) * (runs.length > 0 ? bytes / runs.length : USUAL_ROW_BYTES);
      for (const pages of [ownPages, pastPages]) {
        for (const { arrival } of pages.values()) bytes += arrival.bytes;
      }
      return bytes;
    },
    forgetDepth() {
      ownPages.clear();
      formerHeads = [];
      pastEpochs = [];
      pastPages.clear();
      given.clear();
      forgetDeepRows();
    },
  };

  /** The head's holds for all pages. */
  function troubleAt(index: number): Trouble | null {
    const [ofHead = null, own = null] = [troubles.get(0), troubles.get(index)];
    return own !== null && (ofHead === null || own.until > ofHead.until) ? own : ofHead;
  }

  function isInList(index: number): boolean {
    return head !== null && index * traits.pageSize < head.totalCount && confirmedPage(index) !== null;
  }

  function confirmedPage(index: number): AssembledPage | null {
    if (head === null) return null;
    const known = assembled.get(index) ?? assemble(rows, index, head, traits);
    // There is no end of pages behind the list's end.
    if (known && known.value.rows.length > 0) assembled.set(index, known);
    return known;
  }

  function pastPage(index: number): RunPage | null {
    const own = pastPages.get(index)?.answer ?? null;
    const whole = pastAssembled(index);
    if (own === null || whole === null) return own ?? (whole && { ...whole, staleBecause: null });
    return own.asOf > whole.asOf ? own : { ...whole, staleBecause: null };
  }

  function pastAssembled(index: number): AssembledPage | null {
    const current: Epoch = { rows, heads: formerHeads, confirmedAt: head?.asOf ?? -Infinity };
    for (const { rows, heads, confirmedAt } of [current, ...pastEpochs]) {
      for (const former of heads) {
        // The list did not reach to this page then: that says nothing of rows that have come since.
        if (index > 0 && index * traits.pageSize >= former.totalCount) continue;
        const page = assemblePast(rows, index, former, confirmedAt, traits);
        if (page !== null) return page;
      }
    }
    return null;
  }

  function learnHead(answer: RunPage, arrival: Arrival): void {
    const { value, asOf } = answer;
    const old = head;
    if (old && asOf < old.asOf) return;
    given.forgetBefore(asOf - traits.pastMs);
    const goesOn = old !== null && isHeadInsert(old, value);
    if (old) remember(old, { goesOn, asOf, totalCount: value.totalCount });
    if (!goesOn) {
      forgetRows(() => true);
    } else if (value.totalCount !== old.totalCount) {
      // Of what arrived when this head was on its way, nobody knows whether it was read before the new rows came, or after.
      forgetRows(({ arrivedAt }) => arrivedAt > asOf);
    }
    if (isWhole(0, value)) {
      const ids = value.rows.map(({ runId }) => runId);
      head = { ids, totalCount: value.totalCount, asOf, arrivedAt: arrival.arrivedAt };
      ownPages.delete(0);
      place(rows, 0, value, readingOf(answer, arrival), () => forgetRows(() => true));
      reviewOwnPages(head, goesOn ? old : null);
    } else {
      head = null;
      ownPages.set(0, { answer, arrival, isPlaced: false });
    }
  }

  /** Keeps of a head that is followed by another what can be told of it later. */
  function remember(old: Head, next: HeadMark & { goesOn: boolean }): void {
    const oldest = next.asOf - traits.pastMs;
    const isRecent = ({ asOf }: HeadMark) => asOf >= oldest;
    const heads = [{ totalCount: old.totalCount, asOf: old.asOf }, ...formerHeads]
      .filter(isRecent)
      .slice(0, MAX_FORMER_HEADS);
    pastEpochs = pastEpochs.filter((epoch) => epoch.heads.some(isRecent));
    if (!next.goesOn) {
      brokenAt = next.asOf;
      pastEpochs = [{ rows: new Map(rows), heads, confirmedAt: old.asOf }, ...pastEpochs].slice(
        0,
        MAX_EPOCHS,
      );
      formerHeads = [];
    } else if (next.totalCount !== old.totalCount) {
      formerHeads = heads;
    }
  }

  function learnDeep(index: number, page: OwnPage): void {
    ownPages.set(index, page);
    if (head && page.answer.asOf >= head.arrivedAt) placeOwn(index, page, head);
  }

  /**
   * Keeps of the pages on their own those that anybody can see to be of another time, by their length. What has the head's
   * length may be of another time all the same.
   *
   * @param before the last head if nothing but new rows came between it and this one; else null
   */
  function reviewOwnPages(head: Head, before: Head | null): void {
    for (const [index, page] of ownPages) {
      const { value, asOf } = page.answer;
      if (before !== null && !page.isPlaced && asOf >= before.arrivedAt) {
        placeOwn(index, page, { ...head, shortest: shortestAt(page, before, head) });
      }
      const isOutdated = asOf < head.asOf && (before === null || value.totalCount === head.totalCount);
      if (page.isPlaced || isOutdated || asOf < head.asOf - traits.trustMs) ownPages.delete(index);
      if (!page.isPlaced && isOutdated) pastPages.set(index, page);
    }
    for (const [index, { answer }] of pastPages) {
      if (answer.asOf < head.asOf - traits.pastMs) pastPages.delete(index);
    }
  }

  /** A page that was read between two heads shows the list somewhere between the two, and one that arrived later may not. */
  function shortestAt({ arrival }: OwnPage, before: Head, head: Head): number {
    return arrival.arrivedAt <= head.asOf ? before.totalCount : head.totalCount;
  }

  function placeOwn(index: number, page: OwnPage, head: Head & { shortest?: number }): void {
    const { value } = page.answer;
    if (!isWhole(index, value) || !belongsTo(head, value)) return;
    page.isPlaced = place(rows, index, value, readingOf(page.answer, page.arrival), forgetDeepRows);
  }

  function forgetDeepRows(): void {
    const depth = head ? head.totalCount - head.ids.length : Infinity;
    for (const distance of rows.keys()) if (distance <= depth) rows.delete(distance);
    assembled.clear();
    for (const page of ownPages.values()) page.isPlaced = false;
    forgetTroubles();
  }

  function forgetRows(isForgotten: (reading: { arrivedAt: number }) => boolean): void {
    for (const [distance, { reading }] of rows) if (isForgotten(reading)) rows.delete(distance);
    for (const page of ownPages.values()) if (isForgotten(page.arrival)) page.isPlaced = false;
    forgetTroubles();
  }

  function forgetTroubles(): void {
    for (const index of troubles.keys()) if (index > 0 && !ownPages.has(index)) troubles.delete(index);
  }

  /** Whether a page has as many rows as its place in a list of that length asks for. */
  function isWhole(index: number, { rows, totalCount }: Page<PipelineRun>): boolean {
    return rows.length === Math.max(0, Math.min(traits.pageSize, totalCount - index * traits.pageSize));
  }
}

function readingOf({ value, asOf }: RunPage, { arrivedAt, bytes }: Arrival): Reading {
  return { asOf, arrivedAt, totalCount: value.totalCount, rowBytes: bytes / Math.max(1, value.rows.length) };
}

/** Whether the new head is the old one with new rows in front of it and nothing else. */
function isHeadInsert(old: Head, { rows, totalCount }: Page<PipelineRun>): boolean {
  const inserted = totalCount - old.totalCount;
  if (inserted < 0 || (inserted >= rows.length && old.totalCount > 0)) return false;
  return rows.slice(inserted).every(({ runId }, at) => old.ids[at] === runId);
}

/** Whether a deep page was cut from a list of the head's length, or grew to it from no less than `shortest`, without the head's rows. */
function belongsTo(
  { ids: headIds, totalCount: longest, shortest = longest }: Head & { shortest?: number },
  { rows, totalCount }: Page<PipelineRun>,
): boolean {
  const ids = new Set(headIds);
  return totalCount >= shortest && totalCount <= longest && rows.every(({ runId }) => !ids.has(runId));
}
