import { hash } from 'node:crypto';
import type { JWTPayload } from 'jose';
import type { JwtSettings } from '../core/settings.ts';
import { CAPABILITIES, type Capability, type Viewer } from '../core/viewer.ts';

/** What a token grants. An empty scope grants nothing. */
export interface Scope {
  name: string;
  /** Default: the name. */
  callerId?: string;
  /** Project numbers, or `*` for all. */
  projects: '*' | readonly string[];
  /** Names of capabilities. Unknown names grant nothing. */
  may: readonly string[];
  maxOperationCalls?: number | null | undefined;
  maxCallsPerSecond?: number | null | undefined;
  maxCallsPerDay?: number | null | undefined;
  /** Epoch milliseconds; absent for a token without an end. */
  expiresAt?: number;
}

export function viewerOf({ name, callerId = name, projects, may, expiresAt, ...limits }: Scope): Viewer {
  const readable = projects === '*' ? null : new Set(projects);
  const capabilities = new Set(may.filter(isCapability));
  const maxOperationCalls = limits.maxOperationCalls ?? null;
  return {
    name,
    callerId,
    scope: JSON.stringify([readable && [...readable].sort(), [...capabilities].sort(), maxOperationCalls]),
    mayRead: (projectId) => readable === null || readable.has(projectId),
    may: (capability) => capabilities.has(capability),
    maxOperationCalls,
    maxCallsPerSecond: limits.maxCallsPerSecond ?? null,
    maxCallsPerDay: limits.maxCallsPerDay ?? null,
    expiresAt: expiresAt ?? null,
  };
}

/** @param payload with `sub` and `exp`, which verification requires */
export function viewerFromClaims(
  payload: JWTPayload,
  { projectsClaim, scopeClaim }: Pick<JwtSettings, 'projectsClaim' | 'scopeClaim'>,
): Viewer {
  const projects = wordsOf(payload[projectsClaim]);
  const subject = String(payload.sub);
  return viewerOf({
    name: subject.slice(0, 128),
    // A digest, because long subjects can share their beginning. There is one issuer.
    callerId: `jwt:${hash('sha256', subject, 'base64url')}`,
    projects: projects.includes('*') ? '*' : projects,
    may: wordsOf(payload[scopeClaim]),
    ...(payload.exp !== undefined && { expiresAt: payload.exp * 1000 }),
  });
}

/** Accepts an array, or text separated by spaces or commas. Numbers count if a double represents them exactly. */
function wordsOf(claim: unknown): string[] {
  if (typeof claim === 'string') return claim.split(/[\s,]+/).filter(Boolean);
  if (!Array.isArray(claim)) return [];
  return claim
    .filter((word) => typeof word === 'string' || Number.isSafeInteger(word))
    .map((word: string | number) => String(word));
}

function isCapability(name: string): name is Capability {
  return (CAPABILITIES as readonly string[]).includes(name);
}
