import DataLoader from 'dataloader';
import { isPlaceholderId, type PipelineRun, type PipelineRunItem, type Project } from '../core/domain.ts';
import { forbidden } from '../core/errors.ts';
import {
  type CacheView,
  type CallContext,
  MAX_PROJECTS_PER_CALL,
  type Upstream,
  type UpstreamResult,
} from '../core/upstream.ts';
import { UpstreamError } from '../core/upstreamError.ts';
import type { WindowRequest } from '../core/window.ts';
import {
  itemList,
  type ListMemory,
  type ListOptions,
  type ListSource,
  type RunKey,
  type RunListKey,
  runList,
} from './list.ts';
import { createListReader, type ListReader } from './reader.ts';
import { pagesAtWorst } from './windows.ts';

/**
 * How resolvers reach the upstream, and how its calls are priced. There is one set for each operation: it batches the requests of one
 * tick and keeps what it has read. Everything throws or rejects with FORBIDDEN, without a call, for a project that the caller may not
 * read, whether it exists or not.
 */
export interface Loaders {
  runs(list: RunListKey): ListReader<PipelineRun>;
  run(key: RunKey): Promise<UpstreamResult<PipelineRun | null>>;
  items(run: RunKey): ListReader<PipelineRunItem>;
  project(projectId: string): Promise<UpstreamResult<Project | null>>;
  /** Returns the key, for what reaches the upstream without these loaders. */
  authorised<Key extends { projectId: string }>(key: Key): Key;
  prices: Prices;
}

/** Names of the upstream calls that a look-up can need at worst, given what is cached now. Equal names are one call. */
interface Prices {
  run(key: RunKey): string[];
  /** The calls for one run's items where it is not known yet which run that will be. */
  itemsOfAnyRun(window: WindowRequest): string[];
  /** Projects that are requested in one tick are one call. */
  project(projectId: string): string[];
}

interface LoaderOptions {
  /** What is cached in front of `upstream`. */
  view: CacheView;
  memory: ListMemory;
  mayRead: (projectId: string) => boolean;
}

export function createLoaders(
  upstream: Upstream,
  { view, memory, mayRead }: LoaderOptions,
  context: CallContext,
): Loaders {
  const lists = { upstream, view, context };
  const runLists = new Map<string, ListReader<PipelineRun>>();
  const itemLists = new Map<string, ListReader<PipelineRunItem>>();
  const runs = new Map<string, Promise<UpstreamResult<PipelineRun | null>>>();
  const projects = new DataLoader<string, UpstreamResult<Project | null>>((ids) => loadProjects(lists, ids), {
    maxBatchSize: MAX_PROJECTS_PER_CALL,
  });

  return {
    runs: (key) => readerOf(runLists, runList(lists, authorised(key))),
    items(key) {
      // Nothing can be requested by the id of a placeholder.
      if (isPlaceholderId(authorised(key).runId)) {
        throw new UpstreamError(
          'DataWorks sent this run without a valid Id, so its items cannot be read. Request the list again in a moment.',
          { kind: 'invalidResponse', action: 'ListPipelineRunItems' },
        );
      }
      return readerOf(itemLists, itemList(lists, key));
    },
    async run(key) {
      const id = `${authorised(key).projectId}/${key.runId}`;
      // No run has the id of a placeholder, whatever DataWorks would answer.
      if (isPlaceholderId(key.runId)) return { value: null, asOf: 0, staleBecause: null };
      const result = runs.get(id) ?? upstream.call('GetPipelineRun', key, context);
      runs.set(id, result);
      return result;
    },
    project: async (projectId) => projects.load(authorised({ projectId }).projectId),
    authorised,
    prices: {
      run: (key) =>
        view.peek('GetPipelineRun', authorised(key)) ? [] : [`run ${key.projectId}/${key.runId}`],
      project: (projectId) =>
        view.peek('ListProjects', { projectIds: [authorised({ projectId }).projectId] })
          ? []
          : [`project ${projectId}`],
      itemsOfAnyRun: (window) => priceOfAnyItems(window, memory.sizeOf('ListPipelineRunItems')),
    },
  };

  function readerOf<Row>(readers: Map<string, ListReader<Row>>, source: ListSource<Row>): ListReader<Row> {
    const reader = readers.get(source.identity) ?? createListReader(source, memory);
    readers.set(source.identity, reader);
    return reader;
  }

  function authorised<Key extends { projectId: string }>(key: Key): Key {
    if (mayRead(key.projectId)) return key;
    throw forbidden(`You may not read project ${key.projectId}: ask for a scope that names it.`);
  }
}

function priceOfAnyItems(window: WindowRequest, pageSize: number): string[] {
  // A cursor names one run's items, and is not valid for those of any other run.
  if (window.by === 'cursor' && (window.after ?? window.before) !== null) return ['items page'];
  const spec =
    window.by === 'offset' ? window : { ...window, by: 'anchor' as const, after: null, before: null };
  return pagesAtWorst(spec, pageSize, null).map((page) => `items page ${page}`);
}

async function loadProjects(
  { upstream, view, context }: ListOptions,
  projectIds: readonly string[],
): Promise<(UpstreamResult<Project | null> | Error)[]> {
  const { value, asOf, staleBecause } = await upstream.call('ListProjects', { projectIds }, context);
  const byId = new Map(value.rows.map((row) => [row.projectId, row]));
  // A row that could not be decoded can be that of any missing project.
  const isAnyUnreadable = value.rows.some(({ projectId }) => isPlaceholderId(projectId));
  return projectIds.map((id) => {
    const project = byId.get(id) ?? null;
    if (project === null && isAnyUnreadable) {
      return new UpstreamError(
        'DataWorks sent a project without a valid Id, which can be this one. Retry once, then report it to Alibaba Cloud.',
        { kind: 'invalidResponse', action: 'ListProjects' },
      );
    }
    // The result of the whole call is as old as its oldest part. A project that is fresh has a date of its own.
    const own = view.peek('ListProjects', { projectIds: [id] });
    return own
      ? { value: project, asOf: own.asOf, staleBecause: own.staleBecause }
      : { value: project, asOf, staleBecause };
  });
}
