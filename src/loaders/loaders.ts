import DataLoader from 'dataloader';
import type {
  Actions,
  Answer,
  CallContext,
  PipelineRun,
  PipelineRunFilter,
  PipelineRunItem,
  Project,
  Upstream,
  Window,
  WindowRequest,
} from '../model.ts';
import { forbidden } from '../errors.ts';
import { createListReader, type ListSource } from './listReader.ts';

/** How resolvers reach the upstream. One set an operation: it batches what one tick asks for and remembers what it has read. */
export interface Loaders {
  runs(
    list: { projectId: string; filter: PipelineRunFilter },
    window: WindowRequest,
  ): Promise<Window<PipelineRun>>;
  run(key: { projectId: string; runId: string }): Promise<PipelineRun | null>;
  items(run: { projectId: string; runId: string }, window: WindowRequest): Promise<Window<PipelineRunItem>>;
  project(projectId: string): Promise<Project | null>;
}

/** ListProjects takes and returns at most this many ids a call. */
const MAX_PROJECTS_A_CALL = 100;

export interface LoaderOptions {
  /** Rows of a canonical page, 10 to 100. */
  pageSize: number;
  /**
   * Whether the caller may read a project. Asked here, for every field of every type alike, because all ways to the upstream
   * lead through here. What may not be read is FORBIDDEN without a call, whether it exists or not.
   */
  mayRead(projectId: string): boolean;
}

export function createLoaders(
  upstream: Upstream,
  { pageSize, mayRead }: LoaderOptions,
  context: CallContext,
): Loaders {
  const runs = createWindowLoader<{ projectId: string; filter: PipelineRunFilter }, PipelineRun>((list) => ({
    identity: runListIdentity(list),
    description: `the pipeline runs of project ${list.projectId} with this filter`,
    pageSize,
    key: (run) => ({ id: run.runId, time: run.createTime }),
    readPage: (index, notBefore) =>
      upstream.call(
        'ListPipelineRuns',
        { ...list, pageNumber: index + 1, pageSize },
        { ...context, ...(notBefore !== undefined && { notBefore }) },
      ),
  }));
  const items = createWindowLoader<{ projectId: string; runId: string }, PipelineRunItem>((list) => ({
    identity: JSON.stringify(['items', list.projectId, list.runId]),
    description: `the items of run ${list.runId}`,
    pageSize,
    key: (item) => ({ id: item.itemId, time: item.createTime }),
    readPage: (index, notBefore) =>
      upstream.call(
        'ListPipelineRunItems',
        { ...list, pageNumber: index + 1, pageSize },
        { ...context, ...(notBefore !== undefined && { notBefore }) },
      ),
  }));
  const run = new DataLoader<Actions['GetPipelineRun']['params'], PipelineRun | null, string>(
    (keys) => Promise.all(keys.map((key) => valueOrError(upstream.call('GetPipelineRun', key, context)))),
    { cacheKeyFn: ({ projectId, runId }) => `${projectId}/${runId}` },
  );
  const project = new DataLoader<string, Project | null>((ids) => loadProjects(upstream, ids, context), {
    maxBatchSize: MAX_PROJECTS_A_CALL,
  });

  return {
    runs: async (list, window) => runs(authorised(list), window),
    items: async (list, window) => items(authorised(list), window),
    run: async (key) => run.load(authorised(key)),
    project: async (projectId) => project.load(authorised({ projectId }).projectId),
  };

  function authorised<Key extends { projectId: string }>(key: Key): Key {
    if (mayRead(key.projectId)) return key;
    throw forbidden(`You may not read project ${key.projectId}: ask for a scope that names it.`);
  }
}

/** Tells one list of runs from all others: built from declared fields in one order, so that equal filters are one list. */
function runListIdentity({ projectId, filter }: { projectId: string; filter: PipelineRunFilter }): string {
  return JSON.stringify([
    'runs',
    projectId,
    filter.status ?? null,
    filter.creator ?? null,
    filter.objectId ?? null,
  ]);
}

/** One batch a list and tick: windows of the same list share its reader, and equal windows are one. */
function createWindowLoader<List, Row>(
  sourceOf: (list: List) => ListSource<Row>,
): (list: List, request: WindowRequest) => Promise<Window<Row>> {
  const loaders = new Map<string, DataLoader<WindowRequest, Window<Row>, string>>();
  return (list, request) => {
    const source = sourceOf(list);
    let loader = loaders.get(source.identity);
    if (!loader) {
      const reader = createListReader(source);
      loader = new DataLoader((requests: readonly WindowRequest[]) => reader.read(requests), {
        cacheKeyFn: (request) => JSON.stringify(request),
      });
      loaders.set(source.identity, loader);
    }
    return loader.load(request);
  };
}

async function loadProjects(
  upstream: Upstream,
  projectIds: readonly string[],
  context: CallContext,
): Promise<(Project | null)[]> {
  const { value } = await upstream.call('ListProjects', { projectIds }, context);
  const byId = new Map(value.rows.map((row) => [row.projectId, row]));
  return projectIds.map((id) => byId.get(id) ?? null);
}

async function valueOrError<T>(answer: Promise<Answer<T>>): Promise<T | Error> {
  try {
    return (await answer).value;
  } catch (error) {
    return error instanceof Error ? error : new Error(String(error));
  }
}
