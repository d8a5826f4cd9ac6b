import type { Action, Priority, UpstreamError } from '../model.ts';

/** A call that waits for its permit. `deadlineMs` is monotonic, so that a jump of the wall clock changes nothing. */
export interface Waiter {
  action: Action;
  priority: Priority;
  deadlineMs: number;
  admit(): void;
  refuse(reason: UpstreamError): void;
}

/** Waiters in the order in which they go: by priority, and first come first served within one. */
export interface WaitingLine {
  add(waiter: Waiter): void;
  /** False when the waiter had already left. */
  remove(waiter: Waiter): boolean;
  first(): Waiter | undefined;
  last(): Waiter | undefined;
  inOrder(): Waiter[];
  size(): number;
  sizes(): Record<Priority, number>;
}

/** Pollers may starve as long as people wait: that is what the priorities are for. */
const order: readonly Priority[] = ['interactive', 'refresh', 'polling'];

export function createWaitingLine(): WaitingLine {
  const lines: Record<Priority, Set<Waiter>> = {
    interactive: new Set(),
    refresh: new Set(),
    polling: new Set(),
  };
  const inOrder = () => order.flatMap((priority) => [...lines[priority]]);
  return {
    add: (waiter) => {
      lines[waiter.priority].add(waiter);
    },
    remove: (waiter) => lines[waiter.priority].delete(waiter),
    first() {
      for (const priority of order) {
        const [first] = lines[priority];
        if (first) return first;
      }
      return undefined;
    },
    last: () => inOrder().at(-1),
    inOrder,
    size: () => order.reduce((sum, priority) => sum + lines[priority].size, 0),
    sizes: () => ({
      interactive: lines.interactive.size,
      refresh: lines.refresh.size,
      polling: lines.polling.size,
    }),
  };
}
