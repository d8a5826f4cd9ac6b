import { setImmediate as schedule } from 'node:timers';

/** Time that the tasks of one turn of the event loop may take together before the others wait for the next, in milliseconds. */
const TURN_MS = 5;

export interface Turns {
  /** Runs a task when its caller's turn comes; callers take turns, each caller's tasks run in their order. */
  run<Result>(caller: string, task: () => Result | Promise<Result>): Promise<Result>;
}

/**
 * Spreads work that falls due at once, such as one event for many subscribers, over turns of the event loop. A task that
 * returns a promise ends its turn, because what it does next counts as well and takes no note of this.
 */
export function createTurns(now: () => number = () => performance.now()): Turns {
  const queues = new Map<string, (() => boolean)[]>();
  let isScheduled = false;

  return {
    run: (caller, task) =>
      new Promise((resolve, reject) => {
        const queue = queues.get(caller) ?? [];
        if (queue.length === 0) queues.set(caller, queue);
        queue.push(() => {
          try {
            const result = task();
            resolve(result);
            return result instanceof Promise;
          } catch (error) {
            reject(error instanceof Error ? error : new Error(String(error)));
            return false;
          }
        });
        if (isScheduled) return;
        isScheduled = true;
        schedule(takeTurn);
      }),
  };

  function takeTurn(): void {
    const endMs = now() + TURN_MS;
    for (;;) {
      const task = next();
      if (!task) break;
      if (task() || now() >= endMs) break;
    }
    isScheduled = queues.size > 0;
    if (isScheduled) schedule(takeTurn);
  }

  /** Of the caller who has waited longest, who then waits behind the others. */
  function next(): (() => boolean) | undefined {
    for (const [caller, queue] of queues) {
      const task = queue.shift();
      queues.delete(caller);
      if (queue.length > 0) queues.set(caller, queue);
      return task;
    }
    return undefined;
  }
}
