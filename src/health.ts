import type { Health } from './http/operatorRoutes.ts';

export interface HealthFacts {
  /** Why DataWorks does not accept the credentials; null if it does. */
  credentialProblem: string | null;
  /** Why the keys of AUTH_JWKS_URL cannot be fetched; null if they can. */
  issuerProblem: string | null;
  isRedisUnavailable: boolean;
  /** Epoch milliseconds of the next trial call while DataWorks reports the daily quota as used up; else null. */
  nextProbeAt: number | null;
}

/**
 * What /health/ready reports: all reasons, and the status of the most severe one. Without credentials no query can be answered;
 * everything else degrades the service.
 */
export function healthOf(facts: HealthFacts): Health {
  const { credentialProblem, issuerProblem, isRedisUnavailable, nextProbeAt } = facts;
  const reasons: string[] = [];
  if (credentialProblem !== null) reasons.push(credentialProblem);
  if (isRedisUnavailable) {
    reasons.push('Redis unavailable: this replica uses its own cache and its share of the quota.');
  }
  if (nextProbeAt !== null) {
    const nextTryAt = new Date(nextProbeAt).toISOString();
    reasons.push(
      `DataWorks reports that the daily quota is used up. The next trial call is at ${nextTryAt}.`,
    );
  }
  if (issuerProblem !== null) {
    reasons.push(
      `The issuer of AUTH_JWKS_URL ${issuerProblem}. Tokens are verified with the last keys that it served, if any.`,
    );
  }
  if (credentialProblem !== null) return { status: 'unavailable', reasons };
  return { status: reasons.length > 0 ? 'degraded' : 'ok', reasons };
}
