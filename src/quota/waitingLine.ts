import type { Action, Priority } from '../core/upstream.ts';
import type { Permit } from './permit.ts';

/** A queued call. `deadlineMs` is monotonic, so that a jump of the wall clock changes nothing. */
export interface Waiter {
  action: Action;
  callerId: string;
  isProbe: boolean;
  /** Not constant: it rises when an interactive caller joins a queued refresh. */
  readonly priority: Priority;
  /** Of a refresh. Grows while it waits. */
  readonly urgency: number;
  /** What the call requests; null if it reserves nothing when it is refused. */
  key: string | null;
  /** For a call that comes at the time that it was told: the number of the last turn when it was told so. Else null. */
  dueTurn: number | null;
  deadlineMs: number;
  admit(permit: Permit): void;
  reject(reason: unknown): void;
}

/** Interactive calls for each refresh. Without a share, refreshes would starve while any caller asks for more. */
const interactivePerRefresh = 4;

/** The part of all turns that interactive calls have while refreshes are queued. */
export const interactiveShare = interactivePerRefresh / (interactivePerRefresh + 1);

/** Beyond it, callers whose last turn is longest ago count as callers without a turn. */
const maxCallers = 10_000;

/**
 * Queued calls in the order in which they are sent: probes first, then by priority. Within a priority, callers take turns, and the
 * calls of one caller keep the order of their arrival. A call that comes at the time that it was told goes first, unless its caller has had
 * such a turn since. The most urgent refreshes go first. While refreshes are queued, every fifth interactive turn goes to one of them.
 */
export function createWaitingLine() {
  const waiters = new Set<Waiter>();
  /** For each priority: the callers and the number of their last turn, the oldest first. */
  const turns: Record<Priority, Map<string, number>> = {
    interactive: new Map(),
    refresh: new Map(),
    polling: new Map(),
  };
  /** The same for calls that came at the time that they were told. */
  const dueTurns = new Map<string, number>();
  let turn = 0;
  let interactiveSinceRefresh = 0;

  function inOrder(): Waiter[] {
    const probes: Waiter[] = [];
    const waiting: Record<Priority, Waiter[]> = { interactive: [], refresh: [], polling: [] };
    for (const waiter of waiters) (waiter.isProbe ? probes : waiting[waiter.priority]).push(waiter);
    return [
      ...probes,
      ...withShare(
        inTurns(waiting.interactive, turns.interactive, dueTurns),
        byUrgency(inTurns(waiting.refresh, turns.refresh, dueTurns)),
        interactiveSinceRefresh,
      ),
      ...inTurns(waiting.polling, turns.polling, dueTurns),
    ];
  }

  return {
    /** In the order of their arrival. */
    waiters,
    /** Removes the first in order and counts a turn of its caller. */
    takeFirst(): Waiter | undefined {
      const [first] = waiters.size === 1 ? waiters : inOrder();
      if (first === undefined) return undefined;
      waiters.delete(first);
      const { priority, callerId, dueTurn } = first;
      turn += 1;
      note(turns[priority], callerId, turn);
      if (dueTurn !== null) note(dueTurns, callerId, turn);
      if (priority === 'refresh') interactiveSinceRefresh = 0;
      if (priority === 'interactive') interactiveSinceRefresh += 1;
      return first;
    },
    inOrder,
    /** The number of the last turn. */
    turn: () => turn,
    sizes: (): Record<Priority, number> => {
      const sizes = { interactive: 0, refresh: 0, polling: 0 };
      for (const { priority } of waiters) sizes[priority] += 1;
      return sizes;
    },
  };
}

function note(lastTurns: Map<string, number>, callerId: string, turn: number): void {
  lastTurns.delete(callerId);
  lastTurns.set(callerId, turn);
  const [oldest] = lastTurns.keys();
  if (lastTurns.size > maxCallers && oldest !== undefined) lastTurns.delete(oldest);
}

/** The call to reject when too many are queued: the last in order of the caller with the most. */
export function mostExpendable(order: readonly Waiter[]): Waiter | undefined {
  const counts = new Map<string, number>();
  for (const { callerId } of order) counts.set(callerId, (counts.get(callerId) ?? 0) + 1);
  const most = Math.max(...counts.values());
  return order.findLast(({ callerId, isProbe }) => !isProbe && counts.get(callerId) === most);
}

/**
 * The first call of each caller, then the second of each, and so on. Callers with a call that is due go first, then the caller whose last
 * turn is longest ago.
 */
function inTurns(
  waiters: readonly Waiter[],
  lastTurns: ReadonlyMap<string, number>,
  dueTurns: ReadonlyMap<string, number>,
): Waiter[] {
  const lastTurnOf = (callerId: string) => lastTurns.get(callerId) ?? 0;
  const byCaller = new Map<string, Waiter[]>();
  const isDue = new Set<string>();
  for (const waiter of waiters) {
    const { callerId, dueTurn } = waiter;
    const own = byCaller.get(callerId) ?? [];
    byCaller.set(callerId, own);
    if (dueTurn === null || (dueTurns.get(callerId) ?? 0) > dueTurn) own.push(waiter);
    else {
      own.unshift(waiter);
      isDue.add(callerId);
    }
  }
  let queues = [...byCaller]
    .sort(
      ([one], [other]) =>
        Number(isDue.has(other)) - Number(isDue.has(one)) || lastTurnOf(one) - lastTurnOf(other),
    )
    .map(([, own]) => own);
  const order: Waiter[] = [];
  for (let round = 0; queues.length > 0; round += 1) {
    for (const own of queues) order.push(...own.slice(round, round + 1));
    queues = queues.filter((own) => own.length > round + 1);
  }
  return order;
}

/** Equally urgent ones keep their order. */
function byUrgency(waiters: readonly Waiter[]): Waiter[] {
  return waiters
    .map((waiter) => ({ waiter, urgency: waiter.urgency }))
    .sort((one, other) => other.urgency - one.urgency)
    .map(({ waiter }) => waiter);
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
