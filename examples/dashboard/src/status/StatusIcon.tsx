import type { PipelineRunStatus } from '../generated/graphql.ts';

/** Drawn for 16 × 16, in the text's colour. Each has a shape of its own, so that no status is told by colour alone. */
const glyphs: Readonly<Record<PipelineRunStatus, string>> = {
  INIT: 'M8 5v3.2l2 1.6',
  RUNNING: 'M6.4 5.2v5.6L11 8z',
  SUCCEEDED: 'M4.9 8.3l2.2 2.2 4.1-4.8',
  FAILED: 'M5.5 5.5l5 5m0-5l-5 5',
  TERMINATED: 'M5.8 5.8h4.4v4.4H5.8z',
  CANCELED: 'M4.8 11.2l6.4-6.4',
  UNKNOWN: 'M6.3 6.4a1.8 1.8 0 1 1 2.4 1.7c-.5.2-.7.6-.7 1.1M8 11.4v.1',
};

/** Says nothing to screen readers: the status stands beside it in words. */
export function StatusIcon({ status }: { status: PipelineRunStatus }) {
  return (
    <svg className={`status-icon status-${status.toLowerCase()}`} viewBox="0 0 16 16" aria-hidden="true">
      <circle className="status-icon-disc" cx="8" cy="8" r="7" />
      <path className="status-icon-glyph" d={glyphs[status]} />
    </svg>
  );
}
