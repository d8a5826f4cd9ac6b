import type { PipelineRun, PipelineRunItem } from './domain.ts';
import type { StaleReason } from './upstream.ts';

/** A slice of a list, as a connection shows it. */
export interface Window<Row> {
  nodes: Row[];
  /** The cursor that names a row in its list. It is encoded when it is asked for. */
  cursorAt: (index: number) => string;
  totalCount: number;
  hasNextPage: boolean;
  hasPreviousPage: boolean;
  /** The `asOf` of the oldest page that the window was cut from. Steady time. */
  asOf: number;
  staleBecause: StaleReason | null;
}

export type PipelineRunWindow = Window<PipelineRun>;
export type PipelineRunItemWindow = Window<PipelineRunItem>;

/** Which rows of a list a connection requests. The cursors are not decoded yet. */
export type WindowRequest =
  | { by: 'offset'; offset: number; count: number }
  | { by: 'cursor'; from: 'start' | 'end'; count: number; after: string | null; before: string | null };
