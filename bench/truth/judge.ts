import type { PipelineRun } from '../../src/core/domain.ts';
import type { UpstreamResult } from '../../src/core/upstream.ts';
import type { Window } from '../../src/core/window.ts';
import type { Model, Version } from './model.ts';
import type { ListRequest } from './requests.ts';

/*
 * Compares responses with the model. Pure except for the model.
 */

/** When a request was sent and its response received, in epoch milliseconds. */
export interface Span {
  sentAt: number;
  receivedAt: number;
}

export interface Bounds {
  freshMs: number;
  staleMs: number;
  /** How far dates can come out apart, in milliseconds. */
  slackMs: number;
}

/** What is wrong with a window, or null: it must be that of one version of the list between its `asOf` and its arrival. */
export function problemWithWindow(
  model: Model,
  request: ListRequest,
  shown: Window<PipelineRun>,
  span: Span,
  bounds: Bounds,
): string | null {
  const age = problemWithAge(shown, span, bounds);
  if (age !== null) return age;
  const from = shown.asOf - bounds.slackMs;
  const until = span.receivedAt + bounds.slackMs;
  const versions = model.versions(request.filter, from, until);
  if (!versions.some((version) => isWindowOf(version, request, shown))) {
    const expected = versions.map((version) => summaryOf(version, request));
    return `No version of the list between its asOf and its arrival has this window, but: ${expected.join(' | ')}.`;
  }
  for (const node of shown.nodes) {
    const problem = problemWithRow(model, node, from, until);
    if (problem !== null) return problem;
  }
  return null;
}

/** What is wrong with one run that was looked up, or null. */
export function problemWithRun(
  model: Model,
  runId: string,
  { value, asOf, staleBecause }: UpstreamResult<PipelineRun | null>,
  span: Span,
  bounds: Bounds,
): string | null {
  // A finished run is believed for a day, and only one that is under way can change.
  const isFinished = value !== null && value.status !== 'RUNNING';
  const age = isFinished ? null : problemWithAge({ asOf, staleBecause }, span, bounds);
  if (age !== null) return age;
  const states = model.statesOf(runId, asOf - bounds.slackMs, span.receivedAt + bounds.slackMs);
  const isTrue = states.some((state) => state?.status === value?.status);
  return isTrue
    ? null
    : `Run ${runId} was never ${value?.status ?? 'missing'} between its asOf and its arrival.`;
}

function problemWithAge(
  { asOf, staleBecause }: Pick<UpstreamResult<unknown>, 'asOf' | 'staleBecause'>,
  { sentAt, receivedAt }: Span,
  { freshMs, staleMs, slackMs }: Bounds,
): string | null {
  const ageMs = sentAt - asOf;
  const limitMs = staleBecause === null ? freshMs : freshMs + staleMs;
  if (ageMs > limitMs + slackMs)
    return `It is ${ageMs} ms old and ${staleBecause === null ? 'not labelled' : 'stale'}: at most ${limitMs}.`;
  return asOf > receivedAt + slackMs ? 'Its asOf is in the future.' : null;
}

function problemWithRow(model: Model, node: PipelineRun, from: number, until: number): string | null {
  const wasSo = model.statesOf(node.runId, from, until).some((state) => state?.status === node.status);
  return wasSo ? null : `Run ${node.runId} was not ${node.status} between its asOf and its arrival.`;
}

function isWindowOf(version: Version, request: ListRequest, shown: Window<PipelineRun>): boolean {
  const { runs, extraTotal } = version;
  const bounds = boundsIn(version, request, shown.totalCount);
  if (bounds === null) return false;
  const [start, end] = bounds;
  if (shown.totalCount !== runs.length && shown.totalCount !== runs.length + extraTotal) return false;
  // Rows that the upstream claims and does not have are never shown as a window with fewer rows.
  if (end > runs.length && start < end) return false;
  const rows = runs.slice(start, end);
  return (
    rows.length === shown.nodes.length &&
    rows.every(({ runId }, at) => shown.nodes[at]?.runId === runId) &&
    shown.hasNextPage === end < shown.totalCount &&
    shown.hasPreviousPage === start > 0
  );
}

function summaryOf({ since, runs, extraTotal }: Version, request: ListRequest): string {
  const bounds = boundsIn({ since, runs, extraTotal: 0 }, request, runs.length);
  const ids = bounds === null ? [] : runs.slice(...bounds).map(({ runId }) => runId.replace('run-', ''));
  return `since ${since}, of ${runs.length}+${extraTotal}: ${ids.join(' ')}`;
}

/** The rows from the first up to but not including the second. Null if the position of the anchor is unknown. */
function boundsIn(
  { runs }: Version,
  { window, anchor }: ListRequest,
  totalCount: number,
): [start: number, end: number] | null {
  const clamp = (at: number) => Math.max(0, Math.min(at, totalCount));
  if (window.by === 'offset') return [clamp(window.offset), clamp(window.offset + window.count)];
  const { from, count } = window;
  if (anchor === null) return from === 'start' ? [0, clamp(count)] : [clamp(totalCount - count), totalCount];
  const at = runs.findIndex(({ runId }) => runId === anchor.runId);
  const olderThanAnchor = runs.findIndex(({ createTime }) => (createTime ?? 0) < anchor.createTime);
  const gap = olderThanAnchor < 0 ? runs.length : olderThanAnchor;
  if (from === 'end') {
    const end = at >= 0 ? at : gap;
    return [clamp(end - count), end];
  }
  const start = at >= 0 ? at + 1 : gap;
  return [start, clamp(start + count)];
}
