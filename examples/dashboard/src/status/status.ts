import type { PipelineRunStatus } from '../generated/graphql.ts';

/** A status that a list can be narrowed to. DataWorks has no word for UNKNOWN. */
export type KnownStatus = Exclude<PipelineRunStatus, 'UNKNOWN'>;

/** In the order in which people look for them. */
export const knownStatuses = [
  'RUNNING',
  'SUCCEEDED',
  'FAILED',
  'INIT',
  'TERMINATED',
  'CANCELED',
] as const satisfies readonly KnownStatus[];

export const statusLabels: Readonly<Record<PipelineRunStatus, string>> = {
  INIT: 'Not started',
  RUNNING: 'Running',
  SUCCEEDED: 'Succeeded',
  FAILED: 'Failed',
  TERMINATED: 'Terminated',
  CANCELED: 'Canceled',
  UNKNOWN: 'Unknown',
};

/** A status in words: what DataWorks said, where the gateway has no name for it yet. */
export function labelOf(status: PipelineRunStatus, rawStatus: string): string {
  return status === 'UNKNOWN' && rawStatus !== '' ? rawStatus : statusLabels[status];
}

/** Whether something may still happen. A status that nobody knows yet may change. */
export function isUnfinished(status: PipelineRunStatus): boolean {
  return status === 'INIT' || status === 'RUNNING' || status === 'UNKNOWN';
}

export function isKnownStatus(text: string | null): text is KnownStatus {
  return knownStatuses.some((status) => status === text);
}
