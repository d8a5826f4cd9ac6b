import type { WindowName } from '../core/quotaSnapshot.ts';
import type { WindowSnapshot } from '../core/quotaSnapshot.ts';
import type { CalendarWindow } from './calendar.ts';

/** Which window keeps a call back, and for how long at least (milliseconds). Zero: nothing does. */
export interface Obstacle {
  window: WindowName;
  waitMs: number;
}

/** Leave to make one call, which is paid for. */
export interface Permit {
  /**
   * To be called when the outcome of the call is known, whatever it is. Until then the call may still be on its way, and
   * only a span later is its place in the second free again. More than once does nothing.
   */
  readonly ended: () => void;
  /** The call was not made after all: returns what it cost of the day and month, and ends it. */
  readonly giveBack: () => void;
}

export type Payment = ({ paid: true } & Permit) | { paid: false; obstacle: Obstacle };

/** Where calls are paid for. Payments are made one after the other, never at once. */
export interface Ledger {
  /** Pays for one call in all windows, or in none. Never rejects. */
  pay(): Promise<Payment>;
  /** What keeps back the call that is `ahead` places behind the next, as far as this replica knows: never too much. */
  forecast(): (ahead: number) => Obstacle;
  /** Counts the second as full: the upstream says that it is. */
  fillSecond(): void;
  snapshot(): Record<WindowName, WindowSnapshot>;
  /** Where the counts are: in this process, in Redis, or in this process because Redis does not answer. */
  shared(): 'memory' | 'redis' | 'fallback';
}

/** The obstacle that lasts longest; of equals the first. */
export function longest(first: Obstacle, ...others: Obstacle[]): Obstacle {
  return others.reduce((worst, other) => (other.waitMs > worst.waitMs ? other : worst), first);
}

export function describeWindow(
  window: CalendarWindow,
  nowMs: number,
  count: { used: number; left: number },
): WindowSnapshot {
  return {
    limit: finiteOrNull(window.limit),
    used: count.used,
    left: finiteOrNull(count.left),
    resetsAt: window.periodAt(nowMs).turnsAt,
  };
}

function finiteOrNull(value: number): number | null {
  return Number.isFinite(value) ? value : null;
}
