import type { Answer, Page } from '../model.ts';
import type { ListAction, PageSizes } from './pageSizes.ts';
import type { RowKey } from './paging.ts';

/** One upstream list, as the reader sees it. */
export interface ListSource<Row> {
  action: ListAction;
  /** Tells the list from all others; cursors are bound to it. */
  identity: string;
  /** In words, for messages. */
  description: string;
  /** Rows of a canonical page at first; the upstream may give less. */
  pageSize: number;
  /** What was learned of the upstream's pages, and is learned now. */
  pageSizes: PageSizes;
  key(row: Row): RowKey;
  /**
   * @param index the canonical page, from 0
   * @param size rows of a canonical page
   * @param notBefore epoch milliseconds: an answer last known true before this will not do
   */
  readPage(index: number, size: number, notBefore: number | undefined): Promise<Answer<Page<Row>>>;
  /** The page as it would be answered without a call, or null. */
  peekPage(index: number, size: number): Answer<Page<Row>> | null;
}
