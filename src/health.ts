import type { Health } from './http/operatorRoutes.ts';

export interface HealthFacts {
  /** Why DataWorks does not accept the credentials; null if it does. */
  credentialProblem: string | null;
  isRedisUnavailable: boolean;
  /** Epoch milliseconds of the next trial call while DataWorks reports the daily quota as used up; else null. */
  nextProbeAt: number | null;
}

/** What /health/ready reports. Without credentials no query can be answered; everything else degrades the service. */
export function healthOf({ credentialProblem, isRedisUnavailable, nextProbeAt }: HealthFacts): Health {
  if (credentialProblem !== null) return { status: 'unavailable', reasons: [credentialProblem] };
  const reasons: string[] = [];
  if (isRedisUnavailable) {
    reasons.push('Redis unavailable: this replica uses its own cache and its share of the quota.');
  }
  if (nextProbeAt !== null) {
    const nextTryAt = new Date(nextProbeAt).toISOString();
    reasons.push(
      `DataWorks reports that the daily quota is used up. The next trial call is at ${nextTryAt}.`,
    );
  }
  return { status: reasons.length > 0 ? 'degraded' : 'ok', reasons };
}
