import type { PipelineRun, PipelineRunItem } from './domain.ts';
import type { StaleReason } from './upstream.ts';

/** The part of a list that one connection shows. */
export interface Window<Row> {
  edges: WindowEdge<Row>[];
  totalCount: number;
  hasNextPage: boolean;
  hasPreviousPage: boolean;
  /** Epoch milliseconds: the oldest of the pages that the window was cut from. */
  asOf: number;
  staleBecause: StaleReason | null;
}

/** A row and the cursor that names it in its list. */
export interface WindowEdge<Row> {
  node: Row;
  cursor: string;
}

export type PipelineRunWindow = Window<PipelineRun>;
export type PipelineRunItemWindow = Window<PipelineRunItem>;

/** Which rows of a list a connection asks for. Cursors are still opaque here. */
export type WindowRequest =
  | { by: 'offset'; offset: number; limit: number }
  | { by: 'cursor'; from: 'start' | 'end'; count: number; after: string | null; before: string | null };
