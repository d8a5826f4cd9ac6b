import { crc32 } from 'node:zlib';

/** The row that a cursor names: by id, and by the time and place at which it is looked for when the list has moved. */
export interface Anchor {
  id: string;
  /** The row's create time in epoch milliseconds, null where the upstream sent none. */
  time: number | null;
  /** Where in the list the row was when the cursor was made, from 0. */
  offset: number;
}

const VERSION = '1';

/**
 * Makes the opaque cursor of a row. The check sum covers the list's identity, so that a cursor of another list, or one that
 * was cut or edited on its way, is told from ours. It is no secret: a cursor gives access to nothing.
 *
 * @param list what tells the list from all others, as one string
 */
export function encodeCursor(list: string, anchor: Anchor): string {
  const payload = `${VERSION}:${anchor.offset}:${anchor.time ?? ''}:${anchor.id}`;
  return Buffer.from(`${checksum(list, payload)}:${payload}`).toString('base64url');
}

/** The row that a cursor of this list names, or null for anything that `encodeCursor` did not make for this list. */
export function decodeCursor(list: string, cursor: string): Anchor | null {
  const text = Buffer.from(cursor, 'base64url').toString();
  const match = /^([0-9a-z]+):((\d+):(\d+):(-?\d*):(.+))$/s.exec(text);
  if (!match) return null;
  const [, sum, payload = '', version, offset = '', time = '', id = ''] = match;
  if (version !== VERSION || sum !== checksum(list, payload)) return null;
  if (Buffer.from(text).toString('base64url') !== cursor) return null;
  return { id, time: time === '' ? null : Number(time), offset: Number(offset) };
}

function checksum(list: string, payload: string): string {
  return crc32(payload, crc32(list)).toString(36);
}
