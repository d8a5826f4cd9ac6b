import type { UpstreamResult, Page } from '../core/upstream.ts';
import type { ListAction, PageSizes } from './pageSizes.ts';
import type { KnownPage, RowKey } from './paging.ts';

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
  /** Whether rows come in at the head only. Else the cache can not tell from the head whether pages behind it are as they were. */
  growsAtHead: boolean;
  key(row: Row): RowKey;
  /**
   * @param index the canonical page, from 0
   * @param size rows of a canonical page
   * @param notBefore epoch milliseconds: an answer last known true before this will not do
   */
  readPage(index: number, size: number, notBefore: number | undefined): Promise<UpstreamResult<Page<Row>>>;
  /** The page as it would be answered without a call, or null. */
  peekPage(index: number, size: number): UpstreamResult<Page<Row>> | null;
}

export interface ReadPage<Row> extends KnownPage {
  answer: UpstreamResult<Page<Row>>;
}

/** The canonical pages that one operation has read of a list. */
export interface ListPages<Row> {
  /** Rows of a canonical page. When it changes, no page but the first stays known. */
  readonly size: number;
  readonly known: ReadonlyMap<number, ReadPage<Row>>;
  /** Why a page is not known, or null if it was not tried. */
  failureOf(index: number): Error | null;
  /** Whether nothing that was read since makes the page doubtful. */
  isConfirmed: (index: number) => boolean;
  /** Why pages that disagree were not read again with success, or null. */
  readonly repeatFailure: Error | null;
  /** Reads pages, and others again if those show that the list has moved or that a page is not what the total says. */
  read(indexes: readonly number[]): Promise<void>;
  /** Reads the known pages again that are older than this. Epoch milliseconds. */
  renew(notBefore: number): Promise<void>;
}
