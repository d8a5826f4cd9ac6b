import type { FieldMergeFunction, FieldPolicy, FieldReadFunction } from '@apollo/client/cache';
import { type Reference, relayStylePagination } from '@apollo/client/utilities';
import type { ScrolledRunsQuery } from '../generated/graphql.ts';
import { spliceWindow } from './spliceWindow.ts';

/*
 * How windows of a list of runs are stored in Apollo's cache. A list read by cursor is one entry that grows; a numbered page is a
 * separate entry. `relayStylePagination` appends and prepends, but lets a window that is read again replace everything that was
 * loaded. This policy splices such a window in, so that a list can be refreshed without losing the scroll position.
 */

interface StoredList {
  edges: StoredEdge[];
  pageInfo: NonNullable<ScrolledRunsQuery['pipelineRuns']>['pageInfo'];
}

interface StoredEdge {
  cursor: string;
  node: Reference;
}

/** Its types do not allow null cursors, which Relay's specification allows for an empty window. */
const byCursor = relayStylePagination() as {
  read: FieldReadFunction<StoredList | null>;
  merge: FieldMergeFunction<StoredList>;
};

/** The policy of `Query.pipelineRuns`. */
export const runListPolicy: FieldPolicy<StoredList | null> = {
  keyArgs: (args) => (isNumbered(args) ? ['projectId', 'filter', 'page'] : ['projectId', 'filter']),

  read: (existing, options) => (isNumbered(options.args) ? existing : byCursor.read(existing, options)),

  merge(existing, incoming, options) {
    if (!incoming) return existing ?? null;
    if (isNumbered(options.args) || !existing) return incoming;
    const after = (options.args as { after?: string | null } | null)?.after ?? null;
    const { before, behind } = spliceWindow(existing.edges, incoming.edges, after, {
      idOf: ({ node }) => node.__ref,
      cursorOf: ({ cursor }) => cursor,
    });
    const merged = byCursor.merge({ ...existing, edges: before }, incoming, options);
    if (behind.length === 0) return merged;
    const { hasNextPage, endCursor } = existing.pageInfo;
    return {
      ...merged,
      edges: [...merged.edges, ...behind],
      pageInfo: { ...merged.pageInfo, hasNextPage, endCursor },
    };
  },
};

function isNumbered(args: Record<string, unknown> | null): boolean {
  return args?.['page'] != null;
}
