import { createHash } from 'node:crypto';
import { z } from 'zod';
import type { Action, Actions, UpstreamResult } from '../core/upstream.ts';

/*
 * The format in which replicas share answers. Anything else that is found under a key is a miss.
 */

/** Increased whenever versions of the gateway would misread each other's answers. */
const VERSION = 2;

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
  const hash = createHash('sha256')
    .update(JSON.stringify(canonical(params)))
    .digest('hex');
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
  const { success, data } = shapes[action].safeParse(parsed(text));
  return success ? (data as SharedAnswer<A>) : null;
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** Lists of ids are sets here, as their order changes nothing. */
function canonical(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(canonical).sort();
  if (typeof value !== 'object' || value === null) return value;
  return Object.entries(value)
    .filter(([, entry]) => entry !== undefined)
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([name, entry]) => [name, [canonical(entry)]]);
}

const text = z.string().nullable();
const time = z.number().nullable();
const count = z.int().nonnegative();
const status = z.enum(['INIT', 'RUNNING', 'SUCCEEDED', 'FAILED', 'TERMINATED', 'CANCELED', 'UNKNOWN']);
/** Anything that JSON.parse returns. */
const json = z.unknown();

const stage = z.object({
  code: z.string(),
  step: z.number(),
  type: z.enum(['DEPLOY', 'CHECK', 'OFFLINE', 'BUILD', 'DELETE', 'UNKNOWN']),
  rawType: z.string(),
  name: text,
  description: text,
  message: text,
  status,
  rawStatus: z.string(),
  detail: json,
});

const run = z.object({
  runId: z.string(),
  projectId: z.string(),
  createTime: time,
  modifyTime: time,
  creator: text,
  status,
  rawStatus: z.string(),
  message: text,
  description: text,
  stages: z.array(stage),
});

const item = z.object({
  itemId: z.string(),
  name: text,
  type: z.enum(['NODE', 'WORKFLOW_DEFINITION', 'RESOURCE', 'FUNCTION', 'UNKNOWN']),
  rawType: z.string(),
  status,
  rawStatus: z.string(),
  message: text,
  version: text,
  createTime: time,
  modifyTime: time,
  spec: json,
});

const project = z.object({
  projectId: z.string(),
  name: text,
  displayName: text,
  description: text,
  owner: text,
  status: z.enum([
    'AVAILABLE',
    'INITIALIZING',
    'INIT_FAILED',
    'FORBIDDEN',
    'DELETING',
    'DELETE_FAILED',
    'FROZEN',
    'UPDATING',
    'UPDATE_FAILED',
    'UNKNOWN',
  ]),
  rawStatus: z.string(),
});

const shapes = {
  ListPipelineRuns: shared(pageOf(run)),
  GetPipelineRun: shared(run.nullable()),
  ListPipelineRunItems: shared(pageOf(item)),
  ListProjects: shared(pageOf(project)),
} satisfies Record<Action, z.ZodType>;

function shared<Shape extends z.ZodType>(value: Shape) {
  return z.object({ version: z.literal(VERSION), asOf: z.number(), value });
}

function pageOf<Shape extends z.ZodType>(row: Shape) {
  return z.object({ rows: z.array(row), totalCount: count, pageNumber: count, pageSize: count });
}
