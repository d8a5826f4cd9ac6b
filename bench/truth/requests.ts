import type { PipelineRun, PipelineRunFilter } from '../../src/core/domain.ts';
import type { Window, WindowRequest } from '../../src/core/window.ts';
import type { Dice } from '../../test/support/dice.ts';

/** A window of a list, as a caller requests it. */
export interface ListRequest {
  filter: PipelineRunFilter;
  window: WindowRequest;
  /** The row that the cursor in the window names. */
  anchor: Anchor | null;
}

export interface Anchor {
  runId: string;
  createTime: number;
  cursor: string;
}

const FILTERS: readonly PipelineRunFilter[] = [
  {},
  {},
  {},
  { creator: 'ana' },
  { status: 'RUNNING' },
  { status: 'FAILED' },
];

/** Generates requests for windows of all kinds, with cursors of earlier responses. */
export interface RequestGenerator {
  next(): ListRequest;
  /** Takes cursors from a response. */
  note(request: ListRequest, window: Window<PipelineRun>): void;
}

const MAX_ANCHORS = 30;

/** How many of the last requests are repeated, as by a dashboard. */
const MAX_REPEATED = 12;

export function createRequestGenerator(dice: Dice): RequestGenerator {
  const anchors = new Map<string, Anchor[]>();
  const recent: ListRequest[] = [];
  return {
    next() {
      if (recent.length > 0 && dice.chance(0.5)) return dice.pick(recent);
      const request = newRequest();
      recent.push(request);
      if (recent.length > MAX_REPEATED) recent.shift();
      return request;
    },
    note({ filter }, { nodes, cursorAt }) {
      const at = nodes.length > 0 ? dice(nodes.length) : 0;
      if (nodes[at]?.createTime == null) return;
      const { runId, createTime } = nodes[at];
      const known = anchors.get(JSON.stringify(filter)) ?? [];
      known.push({ runId, createTime, cursor: cursorAt(at) });
      anchors.set(JSON.stringify(filter), known.slice(-MAX_ANCHORS));
    },
  };

  function newRequest(): ListRequest {
    const filter = dice.pick(FILTERS);
    const count = 1 + dice(31);
    const kind = dice(10);
    const known = anchors.get(JSON.stringify(filter)) ?? [];
    const cursorWindow = { by: 'cursor' as const, count, after: null, before: null };
    if (kind < 3) return { filter, anchor: null, window: { ...cursorWindow, from: 'start' } };
    if (kind < 4) return { filter, anchor: null, window: { ...cursorWindow, from: 'end' } };
    if (kind < 7 || known.length === 0) {
      return {
        filter,
        anchor: null,
        window: { by: 'offset', offset: dice(8) * count, count },
      };
    }
    const anchor = dice.pick(known);
    return kind < 9
      ? { filter, anchor, window: { ...cursorWindow, from: 'start', after: anchor.cursor } }
      : { filter, anchor, window: { ...cursorWindow, from: 'end', before: anchor.cursor } };
  }
}
