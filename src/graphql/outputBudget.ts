import type { OutputBudget } from './context.ts';
import { tooExpensive } from '../core/errors.ts';

/** @param maxObjects the most that the lists charged to it may hold together */
export function createOutputBudget(maxObjects: number): OutputBudget {
  let left = maxObjects;
  let exceeded: Error | null = null;
  return {
    countedObjects: 0,
    charge(objects) {
      left -= objects;
      if (left >= 0) return true;
      exceeded ??= tooExpensive({
        what: 'output objects',
        max: maxObjects,
        got: null,
        setting: 'MAX_ROWS',
      });
      return false;
    },
    get exceeded() {
      return exceeded;
    },
  };
}
