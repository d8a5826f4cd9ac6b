import { type FragmentDefinitionNode, getVariableValues, Kind } from 'graphql';
import type { BudgetSnapshot } from '../core/quotaSnapshot.ts';
import type { CostReport, OperationCost, ResolvedOperation } from './context.ts';
import { invalidVariables } from '../core/errors.ts';
import type { Prices } from '../loaders/loaders.ts';
import type { CallEvent } from '../core/upstream.ts';
import { priceOf } from './price.ts';

/** Counts what happens to the calls of one operation. */
export interface CostTally extends Pick<CostReport, 'used' | 'fromCache'> {
  note(event: CallEvent): void;
}

export function createCostTally(): CostTally {
  const fromCache = { fresh: 0, stale: 0, shared: 0 };
  const tally: CostTally = {
    used: 0,
    fromCache,
    note({ type }) {
      if (type === 'attempt') tally.used += 1;
      if (type === 'hit') fromCache.fresh += 1;
      if (type === 'stale') fromCache.stale += 1;
      if (type === 'shared') fromCache.shared += 1;
    },
  };
  return tally;
}

export interface OperationCostOptions {
  prices: Prices;
  tally: CostTally;
  ceiling: number;
  /** Null for viewers who may not see it. */
  budget: (() => BudgetSnapshot) | null;
}

/** Prices one operation before it runs, and tells afterwards what came of it. */
export function createOperationCost({ prices, tally, ceiling, budget }: OperationCostOptions): OperationCost {
  let atWorst = 0;
  return {
    ceiling,
    atWorst(operation) {
      atWorst = priceOfResolved(operation, prices);
      return atWorst;
    },
    report() {
      const budgetLeft = budget && budgetLeftOf(budget());
      return { atWorst, ceiling, used: tally.used, fromCache: tally.fromCache, budgetLeft };
    },
  };
}

function budgetLeftOf({ second, day, month }: BudgetSnapshot): CostReport['budgetLeft'] {
  return { second: second.left, day: day.left, month: month.left };
}

function priceOfResolved(
  { schema, document, operation, variables }: ResolvedOperation,
  prices: Prices,
): number {
  const { coerced, errors = [] } = getVariableValues(schema, operation.variableDefinitions ?? [], variables, {
    // Each error quotes the whole value that it is about, and a body has room for thousands.
    maxErrors: 1,
  });
  if (!coerced) throw invalidVariables(errors);
  const fragments: Record<string, FragmentDefinitionNode> = {};
  for (const definition of document.definitions) {
    if (definition.kind === Kind.FRAGMENT_DEFINITION) fragments[definition.name.value] = definition;
  }
  return priceOf({ schema, operation, fragments, variables: coerced }, prices);
}
