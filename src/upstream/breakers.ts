import type { Action } from '../core/upstream.ts';
import { type Breaker, type BreakerOptions, type BreakerState, createBreaker } from './breaker.ts';

/** A breaker for each action: one that DataWorks fails to answer says nothing of the others. */
export interface Breakers {
  of(action: Action): Breaker;
  /** Fires when the action's breaker opens next. */
  untilOpen(action: Action): AbortSignal;
}

export interface BreakersOptions extends Omit<BreakerOptions, 'onChange'> {
  onChange: (action: Action, state: BreakerState) => void;
}

export function createBreakers(options: BreakersOptions): Breakers {
  const entries = new Map<Action, { breaker: Breaker; opening: AbortController }>();

  function entryOf(action: Action) {
    const known = entries.get(action);
    if (known) return known;
    const breaker = createBreaker({ ...options, onChange: (state) => changed(action, state) });
    const entry = { breaker, opening: new AbortController() };
    entries.set(action, entry);
    return entry;
  }

  function changed(action: Action, state: BreakerState): void {
    options.onChange(action, state);
    if (state !== 'open') return;
    const entry = entryOf(action);
    const { opening } = entry;
    entry.opening = new AbortController();
    opening.abort();
  }

  return {
    of: (action) => entryOf(action).breaker,
    untilOpen: (action) => entryOf(action).opening.signal,
  };
}
