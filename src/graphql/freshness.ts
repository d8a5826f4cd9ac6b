import type { Dated, DatedPipelineRun, StaleReason, UpstreamResult } from '../core/upstream.ts';
import type { PipelineRunWindow, WindowEdge } from '../core/window.ts';
import type { GatewayContext, ResponsePath, StalePart } from './context.ts';

/*
 * How fresh each part of a response is: in the fields `asOf` and `staleBecause`, and in `extensions.stale` for clients that do not
 * select those.
 */

/** The context of the operation and the position of a resolver's value in the response. */
type Position = [context: Pick<GatewayContext, 'staleParts'>, info: { path: ResponsePath }];

/** Reports a resolver's value in `extensions.stale` if it is stale, and returns it. */
export function noteStale<Part extends { staleBecause: StaleReason | null }>(
  part: Part,
  ...[{ staleParts }, { path }]: Position
): Part {
  if (part.staleBecause !== null) staleParts.push({ path, reason: part.staleBecause });
  return part;
}

/** As `noteStale`, for one object that may not exist. */
export async function datedValue<Value extends object>(
  result: Promise<UpstreamResult<Value | null>>,
  ...position: Position
): Promise<Dated<Value> | null> {
  const { value, asOf, staleBecause } = noteStale(await result, ...position);
  return value && { asOf, staleBecause, ...value };
}

/** The rows are copies: the cache returns the same objects to every operation, and each operation has its own dates. */
export function datedNodes({ edges, asOf, staleBecause }: PipelineRunWindow): DatedPipelineRun[] {
  return edges.map(({ node }) => ({ asOf, staleBecause, ...node }));
}

export function datedEdges({ edges, asOf, staleBecause }: PipelineRunWindow): WindowEdge<DatedPipelineRun>[] {
  return edges.map((edge) => ({
    node: { asOf, staleBecause, ...edge.node },
    // Encoded only if it is selected.
    get cursor() {
      return edge.cursor;
    },
  }));
}

/** A response with more stale parts than this lists these and reports how many more there are. */
const MAX_LISTED = 50;

interface StaleExtensions {
  stale: { path: (string | number)[]; reason: StaleReason }[];
  /** How many more parts are stale than `stale` lists. Absent if it lists all. */
  staleOmitted?: number;
}

/** What `extensions` reports about the stale parts that are in `data`; null if there are none. */
export function staleExtensions(parts: readonly StalePart[], data: unknown): StaleExtensions | null {
  const stale = parts
    .map(({ path, reason }) => ({ path: keysOf(path), reason }))
    .filter(({ path }) => isIn(data, path));
  if (stale.length === 0) return null;
  const omitted = stale.length - MAX_LISTED;
  return { stale: stale.slice(0, MAX_LISTED), ...(omitted > 0 && { staleOmitted: omitted }) };
}

function keysOf(path: ResponsePath): (string | number)[] {
  const keys: (string | number)[] = [];
  for (let part: ResponsePath | undefined = path; part; part = part.prev) keys.push(part.key);
  return keys.reverse();
}

/** Whether the data contains the path: an error can set an object above it to null. */
function isIn(data: unknown, path: readonly (string | number)[]): boolean {
  let value = data;
  for (const key of path) {
    if (typeof value !== 'object' || value === null) return false;
    value = (value as Record<string | number, unknown>)[key];
  }
  return true;
}
