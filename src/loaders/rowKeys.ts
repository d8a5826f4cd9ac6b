import type { Page } from '../core/upstream.ts';
import type { RowKey } from './paging.ts';

const known = new WeakMap<object, RowKey[]>();

/**
 * The keys of a page's rows. A page out of the cache is one object for many operations, each of which would else list them anew,
 * and that for a hundred rows to show ten.
 */
export function keysOf<Row>(list: { key(row: Row): RowKey }, page: Page<Row>): RowKey[] {
  let keys = known.get(page);
  if (!keys) {
    keys = page.rows.map((row) => list.key(row));
    known.set(page, keys);
  }
  return keys;
}
