import type { Action, Priority, UpstreamError } from '../model.ts';
import type { Permit } from './ledger.ts';

/** A call that waits for its permit. `deadlineMs` is monotonic, so that a jump of the wall clock changes nothing. */
export interface Waiter {
  action: Action;
  /** Read whenever the order is asked for: it rises when a person joins a refresh that waits. */
  readonly priority: Priority;
  deadlineMs: number;
  admit(permit: Permit): void;
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
  const line = new Set<Waiter>();
  const of = (priority: Priority) => [...line].filter((waiter) => waiter.priority === priority);
  const inOrder = () => order.flatMap(of);
  return {
    add: (waiter) => {
      line.add(waiter);
    },
    remove: (waiter) => line.delete(waiter),
    first: () => inOrder()[0],
    last: () => inOrder().at(-1),
    inOrder,
    size: () => line.size,
    sizes: () => ({
      interactive: of('interactive').length,
      refresh: of('refresh').length,
      polling: of('polling').length,
    }),
  };
}
