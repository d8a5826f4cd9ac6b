import {
  getDirectiveValues,
  GraphQLIncludeDirective,
  GraphQLSkipDirective,
  type SelectionNode,
} from 'graphql';
import { MAX_PROJECTS_PER_CALL } from '../core/upstream.ts';
import type { WindowRequest } from '../core/window.ts';
import type { SelectionPlan } from './analysis.ts';
import { type ArgumentValues, assertLength, filterOf, projectIdOf, runKeyOf } from './arguments.ts';
import type { GatewayContext } from './context.ts';
import { type GlobalId, parseGlobalId, parseRepresentation } from './globalId.ts';
import type { BoundArguments, BoundOperation, Variables } from './operation.ts';

type Loaders = GatewayContext['loaders'];
type RunKey = Parameters<Loaders['run']>[0];

/** What is known about the object that fields are selected on, before anything has been read. */
type Subject =
  | { type: 'Query' }
  | { type: 'Project'; projectId: string }
  | { type: 'PipelineRun'; projectId: string; runId: string }
  /** The runs of a window. */
  | { type: 'PipelineRuns'; projectId: string; window: string; count: number; known: () => RunKey[] | null };

/** Names of the upstream calls of an operation. Equal names are one call. */
interface Calls {
  loaders: Pick<Loaders, 'runs' | 'items' | 'prices'>;
  names: Set<string>;
  /** Calls for projects at the root, which the loaders batch. */
  rootProjects: Set<string>;
}

/** The first event of a subscription has the first page of the list. */
const FIRST_PAGE: WindowRequest = { by: 'offset', offset: 0, count: 100 };

/**
 * How many upstream calls an operation could need at worst, given what is cached now. Calls that the loaders share count once.
 * An argument that is rejected costs nothing. Makes no call.
 */
export function priceOf(operation: BoundOperation, loaders: Calls['loaders']): number {
  const { variables, analysis } = operation;
  const calls: Calls = { loaders, names: new Set(), rootProjects: new Set() };
  visit(analysis.plan, { type: 'Query' });
  for (const name of calls.rootProjects) calls.names.delete(name);
  return calls.names.size + Math.ceil(calls.rootProjects.size / MAX_PROJECTS_PER_CALL);

  function visit({ selections }: SelectionPlan, subject: Subject): void {
    for (const { node, field, below } of selections) {
      if (!field?.price && !below.callsUpstream) continue;
      if (node.directives?.length && !isIncluded(node, variables)) continue;
      if (!field?.price) {
        visit(below, subject);
        continue;
      }
      const given = operation.argumentsOf(field);
      if (!given) continue;
      try {
        for (const child of field.price(calls, given, subject)) visit(below, child);
      } catch {
        // An argument or a project that the field rejects with an error when it is resolved.
      }
    }
  }
}

/** Execution rejects a condition that is null, and with it everything that is selected beside it. */
function isIncluded(selection: SelectionNode, variables: Variables): boolean {
  try {
    const skip = getDirectiveValues(GraphQLSkipDirective, selection, variables);
    const include = getDirectiveValues(GraphQLIncludeDirective, selection, variables);
    return skip?.['if'] !== true && include?.['if'] !== false;
  } catch {
    return false;
  }
}

/**
 * Adds the calls of a field and returns the objects that the field leads to.
 *
 * @throws BAD_USER_INPUT for arguments that the field rejects
 */
export type FieldPricing = (calls: Calls, given: BoundArguments, subject: Subject) => Subject[];

/** The fields that can call the upstream. */
export const pricedFields: Readonly<Record<string, FieldPricing>> = {
  'Query.pipelineRuns': (calls, { values, window }) =>
    priceRuns(calls, projectIdOf(values.projectId), values, window),
  'Query.pipelineRun': (calls, { values }) => priceRun(calls, runKeyOf(values)),
  'Query.project': (calls, { values }) => priceRootProject(calls, projectIdOf(values.projectId)),
  'Query.node': (calls, { values }) => priceObject(calls, parseGlobalId(values.id)),
  'Query.nodes'(calls, { values: { ids } }) {
    assertLength('ids', ids);
    return priceEach(ids, (id) => priceObject(calls, parseGlobalId(id)));
  },
  'Query._entities'(calls, { values: { representations } }) {
    assertLength('representations', representations);
    return priceEach(representations, (one) => priceObject(calls, parseRepresentation(one)));
  },
  'Subscription.pipelineRunUpdated': (calls, { values }) => priceRun(calls, runKeyOf(values)),
  'Subscription.pipelineRunsUpdated': (calls, { values }) =>
    priceRuns(calls, projectIdOf(values.projectId), values, FIRST_PAGE),
  'Project.pipelineRuns': (calls, { values, window }, subject) =>
    subject.type === 'Project' ? priceRuns(calls, subject.projectId, values, window) : [],
  'PipelineRun.project'({ names, loaders: { prices } }, _, subject) {
    // A fragment on PipelineRun does not apply to another object.
    if (subject.type !== 'PipelineRun' && subject.type !== 'PipelineRuns') return [];
    for (const name of prices.project(subject.projectId)) names.add(name);
    return [{ type: 'Project', projectId: subject.projectId }];
  },
  'PipelineRun.items'({ names, loaders }, { window }, subject) {
    if (!window || !(subject.type === 'PipelineRun' || subject.type === 'PipelineRuns')) return [];
    const runs = subject.type === 'PipelineRun' ? [subject] : subject.known();
    if (runs || subject.type === 'PipelineRun') {
      return priceEach(runs ?? [], ({ projectId, runId }) => {
        for (const name of loaders.items({ projectId, runId }).price(window)) names.add(name);
        return [];
      });
    }
    for (const name of loaders.prices.itemsOfAnyRun(window)) {
      for (let row = 0; row < subject.count; row++) names.add(`row ${row} of ${subject.window}: ${name}`);
    }
    return [];
  },
};

function priceRuns(
  { names, loaders }: Calls,
  projectId: string,
  { filter }: ArgumentValues,
  window: WindowRequest | null,
): Subject[] {
  if (!window) return [];
  const list = { projectId, filter: filterOf(filter) };
  const runs = loaders.runs(list);
  for (const name of runs.price(window)) names.add(name);
  return [
    {
      type: 'PipelineRuns',
      projectId,
      window: JSON.stringify([list, window]),
      count: window.count,
      known: () => runs.cachedRows(window),
    },
  ];
}

function priceRun({ names, loaders: { prices } }: Calls, key: RunKey): Subject[] {
  for (const name of prices.run(key)) names.add(name);
  return [{ type: 'PipelineRun', ...key }];
}

function priceRootProject({ loaders: { prices }, rootProjects }: Calls, projectId: string): Subject[] {
  for (const name of prices.project(projectId)) rootProjects.add(name);
  return [{ type: 'Project', projectId }];
}

function priceObject(calls: Calls, id: GlobalId): Subject[] {
  return id.type === 'Project' ? priceRootProject(calls, id.projectId) : priceRun(calls, id);
}

/** What is rejected costs nothing and does not affect the others. */
function priceEach<Given>(given: readonly Given[], priceOne: (one: Given) => Subject[]): Subject[] {
  return given.flatMap((one) => {
    try {
      return priceOne(one);
    } catch {
      return [];
    }
  });
}
