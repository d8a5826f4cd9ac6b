import { setImmediate as schedule } from 'node:timers';
import { asError } from '../core/errors.ts';

/** Runs a task in a later turn of the event loop. Keys take turns; the tasks of one key run in their order. */
export type Schedule = <Result>(key: unknown, task: () => Result | Promise<Result>) => Promise<Result>;

/** How long the tasks of one turn of the event loop may take together, in milliseconds. */
const TURN_MS = 5;

/** How many tasks one turn may have, because what they leave to the microtask queue takes time as well. */
const MAX_TASKS_PER_TURN = 32;

/**
 * Spreads work that falls due at once, such as one event for many subscribers, over turns of the event loop. A task that
 * returns a promise ends its turn, because its continuation takes time as well.
 */
export function createScheduler(): Schedule {
  const queues = new Map<unknown, (() => boolean)[]>();
  let isScheduled = false;

  return (key, task) =>
    new Promise((resolve, reject) => {
      const queue = queues.get(key) ?? [];
      if (queue.length === 0) queues.set(key, queue);
      queue.push(() => {
        try {
          const result = task();
          resolve(result);
          return result instanceof Promise;
        } catch (error) {
          reject(asError(error));
          return false;
        }
      });
      if (isScheduled) return;
      isScheduled = true;
      schedule(takeTurn);
    });

  function takeTurn(): void {
    const endMs = performance.now() + TURN_MS;
    for (let count = 0; count < MAX_TASKS_PER_TURN; count++) {
      const task = nextTask();
      if (!task || task() || performance.now() >= endMs) break;
    }
    isScheduled = queues.size > 0;
    if (isScheduled) schedule(takeTurn);
  }

  /** Takes a task of the key that has waited longest and moves that key behind the others. */
  function nextTask(): (() => boolean) | undefined {
    for (const [key, queue] of queues) {
      const task = queue.shift();
      queues.delete(key);
      if (queue.length > 0) queues.set(key, queue);
      return task;
    }
    return undefined;
  }
}
