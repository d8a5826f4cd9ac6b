import type { Project } from '../core/domain.ts';
import type { Dependency } from '../core/readSet.ts';
import type { Action, Actions, CachedResult, Page, UpstreamResult } from '../core/upstream.ts';

/** One call that was answered, and what it takes to find out that the same call would be answered the same. */
export function createDependency<A extends Action>(
  action: A,
  { value, asOf }: UpstreamResult<Actions[A]['result']>,
  recall: () => CachedResult<Actions[A]['result']> | null,
): Dependency {
  // Weak, so that a stored response retains no pages that the cache has dropped.
  let parts = refsTo(partsOf(action, value));
  return {
    freshness() {
      const now = recall();
      if (now?.staleBecause !== null || now.asOf !== asOf || !isSame(now.value)) return null;
      return { asOf, freshUntil: now.freshUntil };
    },
  };

  function isSame(value: Actions[A]['result']): boolean {
    const now = partsOf(action, value);
    if (now.length !== parts.length) return false;
    if (now.every((part, at) => parts[at]?.deref() === part)) return true;
    // What came from the upstream itself is put together anew from its rows when it is first cached.
    if (action === 'ListProjects' || !isSamePage(parts[0]?.deref(), now[0])) return false;
    parts = refsTo(now);
    return true;
  }
}

function isSamePage(one: unknown, other: unknown): boolean {
  if (!isPage(one) || !isPage(other)) return false;
  return (
    one.totalCount === other.totalCount &&
    one.rows.length === other.rows.length &&
    one.rows.every((row, at) => row === other.rows[at])
  );
}

function isPage(value: unknown): value is Page<unknown> {
  return typeof value === 'object' && value !== null && 'rows' in value;
}

function refsTo(parts: readonly object[]): WeakRef<object>[] {
  return parts.map((part) => new WeakRef(part));
}

/** The objects that the cache makes once, when it learns something; the page around projects is made for each answer. */
function partsOf(action: Action, value: Actions[Action]['result']): readonly object[] {
  if (value === null) return [];
  return action === 'ListProjects' ? (value as Page<Project>).rows : [value];
}
