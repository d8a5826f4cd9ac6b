import type { PipelineRun } from '../core/domain.ts';
import type { Page } from '../core/upstream.ts';

/** A page of a list as it was answered last. */
export interface GivenPage {
  value: Page<PipelineRun>;
  /** Epoch milliseconds. */
  asOf: number;
}

/**
 * The pages of one list as they were answered last, by their index. A page is never answered from before its last answer: what is
 * known can be put together to something older, since new rows push a row that was read early onto a page that was read late.
 */
export interface GivenPages {
  /** Null where the page was not answered, or too long ago to matter. */
  get(index: number): GivenPage | null;
  set(index: number, page: GivenPage): void;
  /** Forgets pages from before this time. */
  forgetBefore(time: number): void;
  /** Forgets all. */
  clear(): void;
  /** How many rows these pages keep that are not among the known ones. */
  rowsBesides(known: Iterable<PipelineRun>): number;
}

export function createGivenPages(): GivenPages {
  const pages = new Map<number, GivenPage>();
  return {
    get: (index) => pages.get(index) ?? null,
    set(index, page) {
      // There is no end of pages behind the list's end. They have no rows, and so nothing that is older than the head.
      if (page.value.rows.length === 0) pages.delete(index);
      else pages.set(index, page);
    },
    forgetBefore(time) {
      for (const [index, { asOf }] of pages) if (asOf < time) pages.delete(index);
    },
    clear: () => pages.clear(),
    rowsBesides(known) {
      const runs = new Set(known);
      let count = 0;
      for (const { value } of pages.values()) {
        for (const run of value.rows) if (!runs.has(run)) count += 1;
      }
      return count;
    },
  };
}
