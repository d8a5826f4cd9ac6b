import DataLoader from 'dataloader';
import { forbidden } from '../core/errors.ts';
import { isPlaceholderId, type PipelineRun, type PipelineRunItem, type Project } from '../core/domain.ts';
import type { UpstreamResult, CachedUpstream, CallContext } from '../core/upstream.ts';
import { UpstreamError } from '../core/upstreamError.ts';
import type { Window, WindowRequest } from '../core/window.ts';
import { asError } from '../core/asError.ts';
import type { ListSource } from './listSource.ts';
import { createListReader } from './listReader.ts';
import { itemList, runList, type RunKey, type RunListKey } from './lists.ts';
import type { PageSizes } from './pageSizes.ts';
import { createPrices, type Prices } from './prices.ts';

/** How resolvers reach the upstream. One set an operation: it batches what one tick asks for and remembers what it has read. */
export interface Loaders {
  runs(list: RunListKey, window: WindowRequest): Promise<Window<PipelineRun>>;
  run(key: RunKey): Promise<UpstreamResult<PipelineRun | null>>;
  items(run: RunKey, window: WindowRequest): Promise<Window<PipelineRunItem>>;
  project(projectId: string): Promise<UpstreamResult<Project | null>>;
  /** The key itself, for what leads to the upstream by another way than these. Throws FORBIDDEN as they do. */
  authorised<Key extends { projectId: string }>(key: Key): Key;
  /** What all these could cost, given what is cached now. */
  prices: Prices;
}

export interface LoaderOptions {
  pageSizes: PageSizes;
  /**
   * Whether the caller may read a project. Asked here, for every field of every type alike, because all ways to the upstream
   * lead through here. What may not be read is FORBIDDEN without a call, whether it exists or not.
   */
  mayRead: (projectId: string) => boolean;
}

/** ListProjects takes and returns at most this many ids a call. */
const MAX_PROJECTS_A_CALL = 100;

export function createLoaders(
  upstream: CachedUpstream,
  { pageSizes, mayRead }: LoaderOptions,
  context: CallContext,
): Loaders {
  const lists = { upstream, pageSizes, context };
  const runs = createWindowLoader((key: RunListKey) => runList(lists, key));
  const items = createWindowLoader((key: RunKey) => itemList(lists, key));
  const run = new DataLoader<RunKey, UpstreamResult<PipelineRun | null>, string>(
    (keys) => Promise.all(keys.map((key) => answerOrError(readRun(key)))),
    { cacheKeyFn: ({ projectId, runId }) => `${projectId}/${runId}` },
  );
  const project = new DataLoader<string, UpstreamResult<Project | null>>(
    (ids) => loadProjects(upstream, ids, context),
    {
      maxBatchSize: MAX_PROJECTS_A_CALL,
    },
  );

  return {
    runs: async (key, window) => runs(authorised(key), window),
    items: async (key, window) => {
      if (isPlaceholderId(authorised(key).runId)) throw withoutId();
      return items(key, window);
    },
    run: async (key) => run.load(authorised(key)),
    project: async (projectId) => project.load(authorised({ projectId }).projectId),
    authorised,
    prices: createPrices(lists, mayRead),
  };

  /** No run has the id of a placeholder, whatever DataWorks would answer. */
  async function readRun(key: RunKey): Promise<UpstreamResult<PipelineRun | null>> {
    if (!isPlaceholderId(key.runId)) return upstream.call('GetPipelineRun', key, context);
    return { value: null, asOf: 0, staleBecause: null };
  }

  function authorised<Key extends { projectId: string }>(key: Key): Key {
    if (mayRead(key.projectId)) return key;
    throw forbidden(`You may not read project ${key.projectId}: ask for a scope that names it.`);
  }
}

/** One batch a list and tick: windows of the same list share its reader, and equal windows are one. */
function createWindowLoader<Key, Row>(
  sourceOf: (key: Key) => ListSource<Row>,
): (key: Key, request: WindowRequest) => Promise<Window<Row>> {
  const loaders = new Map<string, DataLoader<WindowRequest, Window<Row>, string>>();
  return (key, request) => {
    const source = sourceOf(key);
    let loader = loaders.get(source.identity);
    if (!loader) {
      const reader = createListReader(source);
      loader = new DataLoader((requests: readonly WindowRequest[]) => reader.read(requests), {
        cacheKeyFn: (window) => JSON.stringify(window),
      });
      loaders.set(source.identity, loader);
    }
    return loader.load(request);
  };
}

async function loadProjects(
  upstream: CachedUpstream,
  projectIds: readonly string[],
  context: CallContext,
): Promise<(UpstreamResult<Project | null> | Error)[]> {
  const { value, asOf, staleBecause } = await upstream.call('ListProjects', { projectIds }, context);
  const byId = new Map(value.rows.map((row) => [row.projectId, row]));
  // A row that could not be read can be that of any project that is missing.
  const isAnyUnreadable = value.rows.some(({ projectId }) => isPlaceholderId(projectId));
  return projectIds.map((id) => {
    const project = byId.get(id) ?? null;
    if (project === null && isAnyUnreadable) return unreadableProject();
    // The answer to all is as old as its oldest part; a project that is fresh by itself is dated by itself.
    const own = upstream.peek('ListProjects', { projectIds: [id] });
    return { value: project, asOf, staleBecause, ...(own && datesOf(own)) };
  });
}

function unreadableProject(): UpstreamError {
  return new UpstreamError(
    'DataWorks sent a project without a valid Id, which may be this one. Try again; if that does not help, report it to Alibaba Cloud.',
    { kind: 'invalidResponse', action: 'ListProjects' },
  );
}

/** Nothing can be asked for by the id of a placeholder. */
function withoutId(): UpstreamError {
  return new UpstreamError(
    'DataWorks sent this run without a valid Id, so its items cannot be read. Ask for the list again in a moment.',
    { kind: 'invalidResponse', action: 'ListPipelineRunItems' },
  );
}

function datesOf({
  asOf,
  staleBecause,
}: UpstreamResult<unknown>): Pick<UpstreamResult<unknown>, 'asOf' | 'staleBecause'> {
  return { asOf, staleBecause };
}

async function answerOrError<T>(answer: Promise<UpstreamResult<T>>): Promise<UpstreamResult<T> | Error> {
  try {
    return await answer;
  } catch (error) {
    return asError(error);
  }
}
