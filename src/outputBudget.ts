import type { OutputBudget } from './context.ts';
import { tooExpensive } from './errors.ts';

/** @param maxObjects the most that the lists charged to it may hold together */
export function createOutputBudget(maxObjects: number): OutputBudget {
  let left = maxObjects;
  let exceeded: Error | null = null;
  return {
    countedObjects: 0,
    charge(objects) {
      left -= objects;
      if (left >= 0) return;
      exceeded ??= tooExpensive({
        what: 'output objects',
        max: maxObjects,
        got: null,
        setting: 'MAX_ROWS',
      });
      // The same for every field that comes after: each would have its own otherwise.
      throw exceeded;
    },
    get exceeded() {
      return exceeded;
    },
  };
}
