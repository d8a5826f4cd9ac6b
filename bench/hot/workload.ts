/*
 * The query of the hot benchmark. Its response has ten runs with their stages, about ten kilobytes.
 */

export const PROJECT_ID = '10000';

/** The only caller. Every measured request is authenticated. */
export const TOKEN = 'a-token-of-the-hot-benchmark';

export const QUERY = `query Hot($page: PageInput) {
  pipelineRuns(projectId: "${PROJECT_ID}", page: $page) {
    totalCount
    asOf
    staleBecause
    pageInfo { hasNextPage hasPreviousPage startCursor endCursor }
    edges {
      cursor
      node {
        id runId projectId createTime modifyTime creator status rawStatus message description
        stages { code step type rawType name description message status rawStatus }
      }
    }
  }
}`;

export interface Page {
  number: number;
  size: number;
}

/** Repeats the same query. */
export const samePage: readonly Page[] = [{ number: 1, size: 10 }];

/** 500 different variables: 250 pages of ten rows, and 250 of nine. */
export const manyPages: readonly Page[] = [10, 9].flatMap((size) =>
  Array.from({ length: 250 }, (_, n) => ({ number: n + 1, size })),
);

export function bodyOf(page: Page): string {
  return JSON.stringify({ query: QUERY, operationName: 'Hot', variables: { page } });
}

/** A connection as the gateway returns it. */
export interface Connection {
  totalCount: number;
  asOf: string;
  staleBecause: null;
  edges: { cursor: string; node: { stages: unknown[] } }[];
}
