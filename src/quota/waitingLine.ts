import type { Action, Priority } from '../core/upstream.ts';
import type { UpstreamError } from '../core/upstreamError.ts';
import type { Permit } from './ledger.ts';

/** A call that waits for its permit. `deadlineMs` is monotonic, so that a jump of the wall clock changes nothing. */
export interface Waiter {
  action: Action;
  callerId: string;
  isProbe: boolean;
  /** Read whenever the order is asked for: it rises when a person joins a refresh that waits. */
  readonly priority: Priority;
  deadlineMs: number;
  admit(permit: Permit): void;
  refuse(reason: UpstreamError): void;
}

/**
 * Waiters in the order in which they are served: probes, then by priority. Within a priority callers take turns, and the calls of
 * one caller go in order of arrival. While refreshes wait, every fifth permit that a person could have goes to one of them.
 */
export interface WaitingLine {
  add(waiter: Waiter): void;
  /** False when the waiter had already left. */
  remove(waiter: Waiter): boolean;
  /** Removes the first in order and counts it as its caller's turn. */
  takeFirst(): Waiter | undefined;
  inOrder(): Waiter[];
  size(): number;
  sizes(): Record<Priority, number>;
}

/** Interactive calls for each refresh. Without a share of their own, refreshes would wait for as long as any caller asks for more. */
const interactivePerRefresh = 4;

/** A caller that is forgotten counts as one that has not had a turn. The forgotten ones are those whose turn is longest ago. */
const maxRememberedCallers = 10_000;

export function createWaitingLine(): WaitingLine {
  const line = new Set<Waiter>();
  /** By priority: callers and the number of their last turn, the oldest first. */
  const turns: Record<Priority, Map<string, number>> = {
    interactive: new Map(),
    refresh: new Map(),
    polling: new Map(),
  };
  let turn = 0;
  let interactiveSinceRefresh = 0;

  function inOrder(): Waiter[] {
    const probes: Waiter[] = [];
    const waiting: Record<Priority, Waiter[]> = { interactive: [], refresh: [], polling: [] };
    for (const waiter of line) (waiter.isProbe ? probes : waiting[waiter.priority]).push(waiter);
    return [
      ...probes,
      ...withShare(
        inTurns(waiting.interactive, turns.interactive),
        inTurns(waiting.refresh, turns.refresh),
        interactiveSinceRefresh,
      ),
      ...inTurns(waiting.polling, turns.polling),
    ];
  }

  function countTurn({ priority, callerId }: Waiter): void {
    const lastTurns = turns[priority];
    lastTurns.delete(callerId);
    lastTurns.set(callerId, (turn += 1));
    const [oldest] = lastTurns.keys();
    if (lastTurns.size > maxRememberedCallers && oldest !== undefined) lastTurns.delete(oldest);
    if (priority === 'refresh') interactiveSinceRefresh = 0;
    if (priority === 'interactive') interactiveSinceRefresh += 1;
  }

  function countOf(priority: Priority): number {
    return [...line].filter((waiter) => waiter.priority === priority).length;
  }

  return {
    add: (waiter) => {
      line.add(waiter);
    },
    remove: (waiter) => line.delete(waiter),
    takeFirst() {
      const [first] = inOrder();
      if (first === undefined) return undefined;
      line.delete(first);
      countTurn(first);
      return first;
    },
    inOrder,
    size: () => line.size,
    sizes: () => ({
      interactive: countOf('interactive'),
      refresh: countOf('refresh'),
      polling: countOf('polling'),
    }),
  };
}

/** The waiters to refuse when there are too many: the calls of the caller with the most, the last in order first. */
export function mostExpendable(order: readonly Waiter[]): Waiter | undefined {
  const counts = new Map<string, number>();
  for (const { callerId } of order) counts.set(callerId, (counts.get(callerId) ?? 0) + 1);
  const most = Math.max(...counts.values());
  return order.findLast(({ callerId, isProbe }) => !isProbe && counts.get(callerId) === most);
}

/** One call of each caller, then the second of each, and so on. The caller whose last turn is longest ago goes first. */
function inTurns(waiters: readonly Waiter[], lastTurns: ReadonlyMap<string, number>): Waiter[] {
  const byCaller = new Map<string, Waiter[]>();
  for (const waiter of waiters) {
    const own = byCaller.get(waiter.callerId);
    if (own) own.push(waiter);
    else byCaller.set(waiter.callerId, [waiter]);
  }
  const lastTurnOf = (callerId: string) => lastTurns.get(callerId) ?? 0;
  let queues = [...byCaller]
    .sort(([one], [other]) => lastTurnOf(one) - lastTurnOf(other))
    .map(([, own]) => own);
  const order: Waiter[] = [];
  for (let round = 0; queues.length > 0; round += 1) {
    for (const own of queues) order.push(...own.slice(round, round + 1));
    queues = queues.filter((own) => own.length > round + 1);
  }
  return order;
}

function withShare(interactive: readonly Waiter[], refreshes: readonly Waiter[], since: number): Waiter[] {
  const order: Waiter[] = [];
  let next = 0;
  let interactiveSince = since;
  for (const waiter of interactive) {
    if (interactiveSince >= interactivePerRefresh && next < refreshes.length) {
      order.push(...refreshes.slice(next, next + 1));
      next += 1;
      interactiveSince = 0;
    }
    order.push(waiter);
    interactiveSince += 1;
  }
  return [...order, ...refreshes.slice(next)];
}
