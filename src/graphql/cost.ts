import type { QuotaSnapshot } from '../core/quotaSnapshot.ts';
import type { OperationCost } from './context.ts';

/** @param quota null for viewers who may not see it */
export function createOperationCost(ceiling: number, quota: (() => QuotaSnapshot) | null): OperationCost {
  const fromCache = { fresh: 0, stale: 0, shared: 0 };
  let used = 0;
  return {
    ceiling,
    atWorst: 0,
    note({ type }) {
      if (type === 'attempt') used += 1;
      if (type === 'hit') fromCache.fresh += 1;
      if (type === 'stale') fromCache.stale += 1;
      if (type === 'shared') fromCache.shared += 1;
    },
    report() {
      const left = quota?.();
      const budgetLeft = left
        ? { second: left.second.left, day: left.day.left, month: left.month.left }
        : null;
      return { atWorst: this.atWorst, ceiling, used, fromCache, budgetLeft };
    },
  };
}
