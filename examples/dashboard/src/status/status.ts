import type { PipelineRunStatus } from '../generated/graphql.ts';

/** A status that a list can be filtered by. DataWorks has no UNKNOWN. */
export type KnownStatus = Exclude<PipelineRunStatus, 'UNKNOWN'>;

/** Most wanted first. */
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

/** The label of a status; the upstream's own spelling if the gateway does not know it. */
export function labelOf(status: PipelineRunStatus, rawStatus: string): string {
  return status === 'UNKNOWN' && rawStatus !== '' ? rawStatus : statusLabels[status];
}

/** Whether the status can still change. An unknown status can. */
export function isUnfinished(status: PipelineRunStatus): boolean {
  return status === 'INIT' || status === 'RUNNING' || status === 'UNKNOWN';
}

export function isKnownStatus(text: string | null): text is KnownStatus {
  return knownStatuses.some((status) => status === text);
}
