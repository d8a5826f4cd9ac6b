import type { Action, CallContext, Clock, Priority, UpstreamError } from '../model.ts';
import { upstreamError } from './classify.ts';
import { within } from './within.ts';

export interface Gate {
  /**
   * Takes one of the places, waiting for it if need be, and gives the function that leaves it again. Gives the error
   * instead when too many wait already, or when the caller's time is up or the caller gone; a place in the queue is then free
   * for others.
   */
  enter(action: Action, context: CallContext): Promise<(() => void) | UpstreamError>;
}

export interface GateOptions {
  clock: Clock;
  maxInFlight: number;
  maxQueued: number;
}

/** Bounds how many calls are under way. Those that wait go by priority, and in order of arrival within one. */
export function createGate({ clock, maxInFlight, maxQueued }: GateOptions): Gate {
  const queue: Waiter[] = [];
  let inFlight = 0;

  function leave(): void {
    const next = firstIn(queue);
    if (next === undefined) {
      inFlight -= 1;
      return;
    }
    queue.splice(queue.indexOf(next), 1);
    next.admit();
  }

  async function enter(action: Action, context: CallContext): Promise<(() => void) | UpstreamError> {
    if (inFlight < maxInFlight) {
      inFlight += 1;
      return leave;
    }
    if (queue.length >= maxQueued)
      return refusal(action, 'unavailable', 'too many calls wait for it already');
    const { waiter, admitted } = createWaiter(context);
    queue.push(waiter);
    return within(admitted, {
      clock,
      timeoutMs: context.deadline - clock.now(),
      signal: context.signal,
      giveUp() {
        const place = queue.indexOf(waiter);
        if (place >= 0) queue.splice(place, 1);
        // Admitted in this very moment: the place goes to the next.
        else leave();
        return refusal(action, 'timeout', 'the call waited for its turn until there was no time left');
      },
    }).then(
      () => leave,
      (error: unknown) => error as UpstreamError,
    );
  }

  return { enter };
}

interface Waiter {
  /** Its priority can rise while it waits. */
  context: CallContext;
  admit(): void;
}

const ranks: Record<Priority, number> = { interactive: 0, refresh: 1, polling: 2 };

/** The first of those whose priority goes before all others'. */
function firstIn(queue: readonly Waiter[]): Waiter | undefined {
  let first: Waiter | undefined;
  for (const waiter of queue) {
    if (first === undefined || rankOf(waiter) < rankOf(first)) first = waiter;
  }
  return first;
}

function rankOf({ context }: Waiter): number {
  return ranks[context.priority];
}

function createWaiter(context: CallContext): { waiter: Waiter; admitted: Promise<void> } {
  let admit = (): void => undefined;
  const admitted = new Promise<void>((resolve) => {
    admit = resolve;
  });
  return { waiter: { context, admit }, admitted };
}

function refusal(action: Action, kind: 'unavailable' | 'timeout', detail: string): UpstreamError {
  return upstreamError({ kind, action, detail });
}
