import { CAPABILITIES, type Capability, type Viewer } from '../core/viewer.ts';

/** What a token grants. Neither exists unless it is named: an empty scope may do nothing. */
export interface Scope {
  name: string;
  /** Default: the name. */
  callerId?: string;
  /** Project numbers, or `*` for all. */
  projects: '*' | readonly string[];
  /** Capabilities; names that are none grant nothing. */
  may: readonly string[];
  maxOperationCalls?: number | null | undefined;
  maxCallsPerSecond?: number | null | undefined;
  maxCallsPerDay?: number | null | undefined;
  /** Epoch milliseconds; absent for a token that does not end. */
  expiresAt?: number;
}

export function viewerOf({
  name,
  callerId = name,
  projects,
  may,
  maxOperationCalls,
  expiresAt,
  ...limits
}: Scope): Viewer {
  const readable = projects === '*' ? null : new Set(projects);
  const capabilities = new Set(may.filter(isCapability));
  return {
    name,
    callerId,
    scope: JSON.stringify([
      readable && [...readable].sort(),
      [...capabilities].sort(),
      maxOperationCalls ?? null,
    ]),
    mayRead: (projectId) => readable === null || readable.has(projectId),
    may: (capability) => capabilities.has(capability),
    maxOperationCalls: maxOperationCalls ?? null,
    maxCallsPerSecond: limits.maxCallsPerSecond ?? null,
    maxCallsPerDay: limits.maxCallsPerDay ?? null,
    expiresAt: expiresAt ?? null,
  };
}

function isCapability(name: string): name is Capability {
  return (CAPABILITIES as readonly string[]).includes(name);
}
