import { badUserInput } from '../core/errors.ts';
import { isIdText, type PipelineRunFilter } from '../core/domain.ts';
import type { WindowRequest } from '../core/window.ts';
import type { InputMaybe, PageInput, PipelineRunFilter as FilterInput } from './generated.ts';

/*
 * Converts arguments to what loaders accept. Everything here throws BAD_USER_INPUT, with the expected and the actual value.
 */

/** The most rows of one connection. */
export const MAX_ROWS = 100;

/** The most ids of `nodes`. */
export const MAX_IDS = 100;

/** The most representations of `_entities`. A router sends those of several lists together. */
export const MAX_REPRESENTATIONS = 500;

const DEFAULT_ROWS = 10;
const MAX_INT64 = 9223372036854775807n;

export interface CursorArguments {
  first?: InputMaybe<number>;
  after?: InputMaybe<string>;
  last?: InputMaybe<number>;
  before?: InputMaybe<string>;
}

export interface WindowArguments extends CursorArguments {
  page?: InputMaybe<PageInput>;
}

/** The window of Relay's arguments or of a numbered page. Default: the first 10 rows; with only `before`, the last 10 before it. */
export function windowOf({ page, first, after, last, before }: WindowArguments): WindowRequest {
  if (page != null) {
    const cursorArguments = Object.entries({ first, after, last, before }).filter(
      ([, value]) => value != null,
    );
    if (cursorArguments.length > 0) {
      const names = cursorArguments.map(([name]) => `\`${name}\``).join(', ');
      throw badUserInput(
        `\`page\` selects a numbered page and can't go together with ${names}. Use one or the other.`,
      );
    }
    if (page.number < 1) throw badUserInput(`\`page.number\` must be at least 1; got ${page.number}.`);
    const limit = rowCount('page.size', page.size);
    return { by: 'offset', offset: (page.number - 1) * limit, limit };
  }
  if (first != null && last != null) {
    throw badUserInput(`\`first\` and \`last\` can't go together: got first: ${first} and last: ${last}.`);
  }
  const from = last != null || (first == null && after == null && before != null) ? 'end' : 'start';
  const count = rowCount(from === 'end' ? 'last' : 'first', (from === 'end' ? last : first) ?? DEFAULT_ROWS);
  return { by: 'cursor', from, count, after: after ?? null, before: before ?? null };
}

/** A positive 64-bit integer. */
export function projectIdOf(text: string): string {
  if (/^[1-9]\d{0,18}$/.test(text) && BigInt(text) <= MAX_INT64) return text;
  throw badUserInput(
    `\`projectId\` must be a positive whole number of at most 19 digits; got ${quote(text)}.`,
  );
}

/** DataWorks documents a UUID, but every printable id is accepted. */
export function runIdOf(text: string): string {
  return idOf('runId', text);
}

/** Null fields do not filter. */
export function filterOf(input: InputMaybe<FilterInput> | undefined): PipelineRunFilter {
  const filter: PipelineRunFilter = {};
  if (input?.status != null) {
    if (input.status === 'UNKNOWN') {
      throw badUserInput('`filter.status` must be a status that DataWorks can filter by; got UNKNOWN.');
    }
    filter.status = input.status;
  }
  if (input?.creator != null) filter.creator = idOf('filter.creator', input.creator);
  if (input?.objectId != null) filter.objectId = idOf('filter.objectId', input.objectId);
  return filter;
}

/** To be called before the elements are read, each of which takes time. */
export function assertLength(name: string, list: readonly unknown[], max: number): void {
  if (list.length <= max) return;
  throw badUserInput(`\`${name}\` must hold at most ${max} values; got ${list.length}.`);
}

function idOf(name: string, text: string): string {
  if (isIdText(text)) return text;
  throw badUserInput(
    `\`${name}\` must be an id as DataWorks gives it, 1 to 128 printable characters without white space around them; got ${quote(text)}.`,
  );
}

function rowCount(name: string, count: number): number {
  if (count >= 1 && count <= MAX_ROWS) return count;
  throw badUserInput(`\`${name}\` must be 1 to ${MAX_ROWS}; got ${count}.`);
}

/** A value as error messages show it. */
export function quote(text: string): string {
  return JSON.stringify(text.length > 80 ? `${text.slice(0, 80)}…` : text);
}
