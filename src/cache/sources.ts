import type { Project } from '../core/domain.ts';
import type { Action, Actions, CachedUpstream, Freshness, Page, ReadSet } from '../core/upstream.ts';

/** One call that was answered, and what it takes to tell that the same call would be answered the same. */
interface Read<A extends Action = Action> {
  action: A;
  recall: ReturnType<CachedUpstream['recaller']>;
  asOf: number;
  /** Weak, so that what is kept for later keeps no pages that the cache has dropped. */
  parts: readonly WeakRef<object>[];
}

/** The same upstream, for one operation, and what the operation reads through it. */
export function withSources(upstream: CachedUpstream): { upstream: CachedUpstream; sources: ReadSet } {
  const reads: Read[] = [];
  const actions: Action[] = [];
  let isGood = true;

  return {
    upstream: {
      ...upstream,
      async call(action, params, context) {
        try {
          const answer = await upstream.call(action, params, context);
          const { value, asOf, staleBecause } = answer;
          actions.push(action);
          if (staleBecause !== null) isGood = false;
          else
            reads.push({
              action,
              recall: upstream.recaller(action, params),
              asOf,
              parts: refsTo(partsOf(action, value)),
            });
          return answer;
        } catch (error) {
          // Also where the operation can do without: with the next one's luck its answer is another.
          isGood = false;
          throw error;
        }
      },
    },
    sources: {
      actions,
      freshness: () => (isGood ? freshnessOf(reads) : null),
    },
  };
}

function freshnessOf(reads: readonly Read[]): Freshness | null {
  let asOf = Infinity;
  let freshUntil = Infinity;
  for (const read of reads) {
    const now = read.recall();
    if (now?.staleBecause !== null || now.asOf !== read.asOf || !isSame(read, now.value)) return null;
    asOf = Math.min(asOf, now.asOf);
    freshUntil = Math.min(freshUntil, now.freshUntil);
  }
  return reads.length > 0 ? { asOf, freshUntil } : null;
}

function isSame(read: Read, value: Actions[Action]['result']): boolean {
  const { action, parts } = read;
  const now = partsOf(action, value);
  if (now.length !== parts.length) return false;
  if (now.every((part, at) => parts[at]?.deref() === part)) return true;
  // What came from the upstream itself is put together anew from its rows when it is first remembered.
  if (action === 'ListProjects' || !isSamePage(parts[0]?.deref(), now[0])) return false;
  read.parts = refsTo(now);
  return true;
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
