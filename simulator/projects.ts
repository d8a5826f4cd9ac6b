import { roll } from './random.ts';
import type { WireObject } from './wire.ts';

export interface ProjectSpec {
  /** Digits. */
  id: string;
  /** How many runs there are at the start. */
  runCount: number;
  /** The account has no right to it: it is missing from ListProjects, and everything else about it is a 403. */
  isForbidden?: boolean;
  /** Default `Available`. */
  status?: string;
  /** What the ids of its runs end in, after the UUID; default nothing. */
  runIdSuffix?: string;
}

/** 10000 has as many runs as the reference document's sample answer counts; 20000 to 20019 are there for load. */
export const defaultProjects: readonly ProjectSpec[] = [
  { id: '10000', runCount: 2524 },
  { id: '10001', runCount: 350 },
  { id: '10002', runCount: 40 },
  { id: '10003', runCount: 0 },
  { id: '10004', runCount: 40, isForbidden: true },
  ...Array.from({ length: 20 }, (_, index) => ({
    id: String(20_000 + index),
    runCount: 110 + (roll(20_000, index) % 21),
  })),
];

/** A project as ListProjects and GetProject answer it. */
export function projectAnswer(project: ProjectSpec): WireObject {
  return {
    Id: Number(project.id),
    Name: projectName(project),
    DisplayName: `Workspace ${project.id}\n`,
    Description: `Releases of workspace ${project.id}\n`,
    Owner: '1107550004253538',
    Status: project.status ?? 'Available',
    AliyunResourceGroupId: 'rg-acfmzbn7pti3zff',
    AliyunResourceTags: [{ Key: 'team', Value: `team-${project.id.slice(-1)}` }],
    DevEnvironmentEnabled: true,
    DevRoleDisabled: false,
    PaiTaskEnabled: false,
  };
}

export function projectName(project: ProjectSpec): string {
  return `workspace_${project.id}`;
}
