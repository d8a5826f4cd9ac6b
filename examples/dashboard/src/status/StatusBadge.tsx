import type { PipelineRunStatus } from '../generated/graphql.ts';
import { labelOf } from './status.ts';
import { StatusIcon } from './StatusIcon.tsx';

export function StatusBadge({ status, rawStatus }: { status: PipelineRunStatus; rawStatus: string }) {
  return (
    <span className={`badge status-${status.toLowerCase()}`}>
      <StatusIcon status={status} />
      {labelOf(status, rawStatus)}
    </span>
  );
}
