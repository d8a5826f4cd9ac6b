import type { BudgetSnapshot } from '../core/quotaSnapshot.ts';
import type { CallEvent } from '../core/upstream.ts';
import type { Prices } from '../loaders/loaders.ts';
import type { CostReport, OperationCost } from './context.ts';
import { priceOf } from './price.ts';

/** Counts what happens to the calls of one operation. */
export interface CostTally extends Pick<CostReport, 'used' | 'fromCache'> {
  note(event: CallEvent): void;
}

export function createCostTally(): CostTally {
  const fromCache = { fresh: 0, stale: 0, shared: 0 };
  return {
    used: 0,
    fromCache,
    note({ type }) {
      if (type === 'attempt') this.used += 1;
      if (type === 'hit') fromCache.fresh += 1;
      if (type === 'stale') fromCache.stale += 1;
      if (type === 'shared') fromCache.shared += 1;
    },
  };
}

export interface OperationCostOptions {
  prices: Prices;
  tally: CostTally;
  ceiling: number;
  /** Null for viewers who may not see it. */
  budget: (() => BudgetSnapshot) | null;
}

/** Prices one operation before it runs, and reports its cost afterwards. */
export function createOperationCost({ prices, tally, ceiling, budget }: OperationCostOptions): OperationCost {
  let atWorst = 0;
  return {
    ceiling,
    atWorst: (operation) => (atWorst = priceOf(operation, prices)),
    report() {
      const left = budget?.();
      const budgetLeft = left
        ? { second: left.second.left, day: left.day.left, month: left.month.left }
        : null;
      return { atWorst, ceiling, used: tally.used, fromCache: tally.fromCache, budgetLeft };
    },
  };
}
