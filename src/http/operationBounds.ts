import type { OperationCost, OutputBudget, ResolvedOperation } from '../context.ts';
import { tooExpensive } from '../errors.ts';
import { countOutputObjects } from './outputObjects.ts';

export interface OperationBounds {
  maxObjects: number;
  cost: OperationCost;
  output: OutputBudget;
}

/** @throws QUERY_TOO_EXPENSIVE, before anything runs, for an operation that asks for more objects or calls than it may. */
export function assertWithinBounds(
  operation: ResolvedOperation,
  { maxObjects, cost, output }: OperationBounds,
): void {
  const objects = countOutputObjects(operation, maxObjects);
  if (objects > maxObjects) {
    throw tooExpensive({ what: 'output objects', max: maxObjects, got: objects, setting: 'MAX_ROWS' });
  }
  output.countedObjects = objects;
  const calls = cost.atWorst(operation);
  if (calls > cost.ceiling) {
    const what = 'upstream calls at worst';
    throw tooExpensive({ what, max: cost.ceiling, got: calls, setting: 'MAX_OPERATION_CALLS' });
  }
}
