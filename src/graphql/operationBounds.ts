import type { OperationDefinitionNode } from 'graphql';
import type { OperationCost, OutputBudget, ResolvedOperation } from './context.ts';
import { tooExpensive } from '../core/errors.ts';
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
  const objects = countOnce(operation, maxObjects);
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

/** Without variables an operation has the same count each time. */
const counts = new WeakMap<OperationDefinitionNode, number>();

function countOnce(request: ResolvedOperation, maxObjects: number): number {
  const { operation } = request;
  if (operation.variableDefinitions?.length) return countOutputObjects(request, maxObjects);
  const known = counts.get(operation);
  if (known !== undefined) return known;
  const count = countOutputObjects(request, maxObjects);
  counts.set(operation, count);
  return count;
}
