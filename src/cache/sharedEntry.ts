import { createHash } from 'node:crypto';
import type { Action, Actions, UpstreamResult } from '../core/upstream.ts';
import { memoized } from '../core/texts.ts';
import { keyOf } from './keys.ts';

/*
 * The format in which replicas share answers. Anything else that is found under a key is a miss.
 */

/** Increased whenever versions of the gateway would misread each other's answers, or look for them under different keys. */
const VERSION = 4;

/** An answer as replicas share it. Dated by the wall clock. */
export type SharedAnswer<A extends Action> = Pick<UpstreamResult<Actions[A]['result']>, 'value' | 'asOf'>;

/**
 * The key of an answer: equal for equal parameters in any order.
 *
 * @param identity identifies the upstream account and region without revealing them
 */
export function sharedKey<A extends Action>(
  identity: string,
  action: A,
  params: Actions[A]['params'],
): string {
  const hash = createHash('sha256').update(keyOf[action](params)).digest('hex');
  return `${sharedPrefix(identity)}:${action}:${hash}`;
}

/** The prefix of all keys of one account and region. */
export function sharedPrefix(identity: string): string {
  return `dwgw:v${VERSION}:${identity}`;
}

export function encodeShared<A extends Action>({ value, asOf }: SharedAnswer<A>): string {
  return JSON.stringify({ version: VERSION, asOf, value });
}

/** Null for anything that is not an answer to this action in this format. */
export function decodeShared<A extends Action>(action: A, text: string): SharedAnswer<A> | null {
  try {
    // Most texts are the same in every row, and `JSON.parse` makes a string of each.
    const { version, asOf, value } = JSON.parse(text, (_, field: unknown) =>
      typeof field === 'string' ? sharedText(field) : field,
    ) as Fields;
    const isAnswer = version === VERSION && typeof asOf === 'number' && isResult[action](value);
    return isAnswer ? { value: value as Actions[A]['result'], asOf } : null;
  } catch {
    return null;
  }
}

const sharedText = memoized((copy) => copy);

type Fields = Record<string, unknown>;

/** The version says that a replica wrote the answer. These find one of another action, or a damaged one. */
const isResult: Record<Action, (value: unknown) => boolean> = {
  ListPipelineRuns: (value) => isPageOf(value, isRun),
  GetPipelineRun: (value) => value === null || isRun(value),
  ListPipelineRunItems: (value) => isPageOf(value, (row) => hasTexts(row, 'itemId', 'status', 'rawStatus')),
  ListProjects: (value) => isPageOf(value, (row) => hasTexts(row, 'projectId', 'status', 'rawStatus')),
};

function isRun(value: unknown): boolean {
  if (!hasTexts(value, 'runId', 'projectId', 'status', 'rawStatus')) return false;
  const { stages } = value;
  return Array.isArray(stages) && stages.every((stage) => hasTexts(stage, 'code', 'status', 'rawStatus'));
}

function isPageOf(value: unknown, isRow: (row: unknown) => boolean): boolean {
  if (typeof value !== 'object' || value === null) return false;
  const { rows, ...counts } = value as Fields;
  const hasCounts = [counts['totalCount'], counts['pageNumber'], counts['pageSize']].every(
    Number.isSafeInteger,
  );
  return hasCounts && Array.isArray(rows) && rows.every(isRow);
}

function hasTexts(value: unknown, ...names: string[]): value is Fields {
  return (
    typeof value === 'object' &&
    value !== null &&
    names.every((name) => typeof (value as Fields)[name] === 'string')
  );
}
