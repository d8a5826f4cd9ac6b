import { crc32 } from 'node:zlib';
import { badUserInput } from '../core/errors.ts';
import type { WindowRequest } from '../core/window.ts';
import type { ListSource } from './list.ts';

/** The row that a cursor names: its id, and the time and offset at which it is searched for when the list has moved. */
export interface Anchor {
  id: string;
  /** The row's create time in epoch milliseconds, null where the upstream sent none. */
  time: number | null;
  /** Where in the list the row was when the cursor was made, from 0. */
  offset: number;
}

const VERSION = '1';

/**
 * Returns the opaque cursor of a row. Its checksum covers the list's identity, so that cursors of another list and damaged ones are
 * rejected. It is not secret: a cursor grants access to nothing.
 *
 * @param list the identity of the list
 */
export function encodeCursor(list: string, anchor: Anchor): string {
  const payload = `${VERSION}:${anchor.offset}:${anchor.time ?? ''}:${anchor.id}`;
  return Buffer.from(`${crc32(payload, crc32(list)).toString(36)}:${payload}`).toString('base64url');
}

/** The rows of a page and the offset of the first of them. */
interface PlacedRows<Row> {
  rows: readonly Row[];
  offset: number;
}

/** Cursors by the rows of their page, for as long as the cache has these: the same rows are requested again and again. */
const encoded = new WeakMap<readonly unknown[], { list: string; offset: number; cursors: string[] }>();

/** Returns the cursor of the row at an index of a page, and encodes it only once. */
export function cursorAt<Row>(
  { identity, key }: Pick<ListSource<Row>, 'identity' | 'key'>,
  { rows, offset }: PlacedRows<Row>,
  index: number,
): string {
  let known = encoded.get(rows);
  if (known?.list !== identity || known.offset !== offset) {
    known = { list: identity, offset, cursors: [] };
    encoded.set(rows, known);
  }
  return (known.cursors[index] ??= encodeCursor(identity, {
    ...key(rows[index] as Row),
    offset: offset + index,
  }));
}

/** Returns the row that the cursor names, or null for anything that `encodeCursor` did not make for this list. */
export function decodeCursor(list: string, cursor: string): Anchor | null {
  const text = Buffer.from(cursor, 'base64url').toString();
  const match = /^([0-9a-z]+):((\d+):(\d+):(-?\d*):(.+))$/s.exec(text);
  if (!match) return null;
  const [, sum, payload = '', version, offset = '', time = '', id = ''] = match;
  if (version !== VERSION || sum !== crc32(payload, crc32(list)).toString(36)) return null;
  if (Buffer.from(text).toString('base64url') !== cursor) return null;
  return { id, time: time === '' ? null : Number(time), offset: Number(offset) };
}

/** A requested window with its cursors decoded: rows from an offset on, or rows at an anchor or at the end of the list. */
export type WindowSpec =
  | { by: 'offset'; offset: number; count: number }
  | { by: 'anchor'; from: 'start' | 'end'; count: number; after: Anchor | null; before: Anchor | null };

/** @throws BAD_USER_INPUT for a cursor of another list */
export function decodeRequest(request: WindowRequest, list: ListSource<unknown>): WindowSpec {
  if (request.by === 'offset') return request;
  const { from, count } = request;
  const after = request.after === null ? null : anchorOf('after', request.after, list);
  const before = request.before === null ? null : anchorOf('before', request.before, list);
  if (from === 'start' && !after && !before) return { by: 'offset', offset: 0, count };
  return { by: 'anchor', from, count, after, before };
}

function anchorOf(argument: string, cursor: string, { identity, description }: ListSource<unknown>): Anchor {
  const anchor = decodeCursor(identity, cursor);
  if (anchor) return anchor;
  const shown = cursor.length > 40 ? `${cursor.slice(0, 40)}…` : cursor;
  throw badUserInput(
    `\`${argument}\` must be a cursor of ${description}, from an edge or pageInfo of this list; got ${JSON.stringify(shown)}. ` +
      'Cursors are not valid for another filter or parent: start again without one.',
  );
}
