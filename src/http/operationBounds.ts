import type { OperationCost } from '../context.ts';
import { tooExpensive } from '../errors.ts';
import { type Operation, rowsAskedBy } from './rows.ts';

/** @throws QUERY_TOO_EXPENSIVE, before anything runs, for an operation that asks for more rows or calls than it may. */
export function assertWithinBounds(operation: Operation, maxRows: number, cost: OperationCost): void {
  const rows = rowsAskedBy(operation);
  if (rows > maxRows) throw tooExpensive({ what: 'rows', max: maxRows, got: rows, setting: 'MAX_ROWS' });
  const calls = cost.atWorst(operation);
  if (calls > cost.ceiling) {
    const what = 'upstream calls at worst';
    throw tooExpensive({ what, max: cost.ceiling, got: calls, setting: 'MAX_OPERATION_CALLS' });
  }
}
