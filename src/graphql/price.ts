import {
  getDirectiveValues,
  GraphQLIncludeDirective,
  GraphQLSkipDirective,
  type SelectionNode,
} from 'graphql';
import { MAX_PROJECTS_PER_CALL } from '../core/upstream.ts';
import type { WindowRequest } from '../core/window.ts';
import type { CallPlan } from './analysis.ts';
import { assertLength, filterOf, MAX_IDS, MAX_REPRESENTATIONS, projectIdOf, runIdOf } from './arguments.ts';
import type { GatewayContext } from './context.ts';
import type { BoundArguments, Variables } from './fieldArguments.ts';
import { type GlobalId, parseGlobalId, parseRepresentation } from './globalId.ts';
import type { BoundOperation } from './operation.ts';

type Prices = GatewayContext['loaders']['prices'];
type RunKey = Parameters<Prices['run']>[0];

/** What is known about the object that fields are selected on, before anything has been read. */
type Subject =
  | { type: 'Query' }
  | { type: 'Project'; projectId: string }
  | { type: 'PipelineRun'; projectId: string; runId: string }
  /** The runs of a window. */
  | { type: 'PipelineRuns'; projectId: string; window: string; count: number; known: () => RunKey[] | null };

/** Names of the upstream calls of an operation. Equal names are one call. */
interface Calls {
  prices: Prices;
  names: Set<string>;
  /** Calls for projects at the root, which the loaders batch. */
  rootProjects: Set<string>;
}

/** The first event of a subscription has the first page of the list. */
const FIRST_PAGE: WindowRequest = { by: 'offset', offset: 0, limit: 100 };

/**
 * How many upstream calls an operation could need at worst, given what is cached now. Calls that the loaders share count once.
 * An argument that is rejected costs nothing. Makes no call.
 */
export function priceOf(operation: BoundOperation, prices: Prices): number {
  const { variables, analysis } = operation;
  const calls: Calls = { prices, names: new Set(), rootProjects: new Set() };
  visit(analysis.calls, { type: 'Query' });
  for (const name of calls.rootProjects) calls.names.delete(name);
  return calls.names.size + Math.ceil(calls.rootProjects.size / MAX_PROJECTS_PER_CALL);

  function visit(plans: readonly CallPlan[], subject: Subject): void {
    for (const { node, field, below } of plans) {
      if (node.directives?.length && !isIncluded(node, variables)) continue;
      const given = field && operation.argumentsOf(field);
      if (!field) visit(below, subject);
      if (given === null) continue;
      try {
        for (const child of field?.price(calls, given, subject) ?? []) visit(below, child);
      } catch {
        // An argument that the field rejects with an error when it is resolved.
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
  'Query.pipelineRuns': (calls, { values, window }) => priceRuns(calls, projectIn(values), values, window),
  'Query.pipelineRun': (calls, { values }) =>
    priceRun(calls, projectIn(values), runIdOf(String(values['runId']))),
  'Query.project': (calls, { values }) => priceRootProject(calls, projectIn(values)),
  'Query.node': (calls, { values }) => priceObject(calls, parseGlobalId(String(values['id']))),
  'Query.nodes': (calls, { values }) => {
    const ids = values['ids'] as string[];
    assertLength('ids', ids, MAX_IDS);
    return priceEach(calls, ids, parseGlobalId);
  },
  'Query._entities': (calls, { values }) => {
    const representations = values['representations'] as unknown[];
    assertLength('representations', representations, MAX_REPRESENTATIONS);
    return priceEach(calls, representations, parseRepresentation);
  },
  'Subscription.pipelineRunUpdated': (calls, { values }) =>
    priceRun(calls, projectIn(values), runIdOf(String(values['runId']))),
  'Subscription.pipelineRunsUpdated': (calls, { values }) =>
    priceRuns(calls, projectIn(values), values, FIRST_PAGE),
  'Project.pipelineRuns': (calls, { values, window }, subject) =>
    subject.type === 'Project' ? priceRuns(calls, subject.projectId, values, window) : [],
  'PipelineRun.project': (calls, _, subject) => {
    // A fragment on PipelineRun does not apply to another object.
    if (subject.type !== 'PipelineRun' && subject.type !== 'PipelineRuns') return [];
    note(calls, calls.prices.project(subject.projectId));
    return [{ type: 'Project', projectId: subject.projectId }];
  },
  'PipelineRun.items': (calls, { window }, subject) => {
    if (window) priceItems(calls, window, subject);
    return [];
  },
};

function priceItems(calls: Calls, window: WindowRequest, subject: Subject): void {
  const { prices } = calls;
  if (subject.type === 'PipelineRun') note(calls, prices.items(subject, window));
  if (subject.type !== 'PipelineRuns') return;
  const runs = subject.known();
  for (const run of runs ?? []) note(calls, prices.items(run, window));
  if (runs) return;
  const names = prices.itemsOfAnyRun(window);
  for (let row = 0; row < subject.count; row++) {
    note(
      calls,
      names.map((name) => `row ${row} of ${subject.window}: ${name}`),
    );
  }
}

function priceRuns(
  calls: Calls,
  projectId: string,
  values: BoundArguments['values'],
  window: WindowRequest | null,
): Subject[] {
  if (!window) return [];
  const list = { projectId, filter: filterOf(values['filter'] as Parameters<typeof filterOf>[0]) };
  note(calls, calls.prices.runs(list, window));
  return [
    {
      type: 'PipelineRuns',
      projectId,
      window: JSON.stringify([list, window]),
      count: window.by === 'offset' ? window.limit : window.count,
      known: () => calls.prices.knownRuns(list, window),
    },
  ];
}

function priceRun(calls: Calls, projectId: string, runId: string): Subject[] {
  note(calls, calls.prices.run({ projectId, runId }));
  return [{ type: 'PipelineRun', projectId, runId }];
}

function priceRootProject({ prices, rootProjects }: Calls, projectId: string): Subject[] {
  for (const name of prices.project(projectId)) rootProjects.add(name);
  return [{ type: 'Project', projectId }];
}

function priceObject(calls: Calls, id: GlobalId): Subject[] {
  return id.type === 'Project'
    ? priceRootProject(calls, id.projectId)
    : priceRun(calls, id.projectId, id.runId);
}

/** An id that is rejected costs nothing and does not affect the others. */
function priceEach<Given>(calls: Calls, given: readonly Given[], parse: (one: Given) => GlobalId): Subject[] {
  return given.flatMap((one) => {
    try {
      return priceObject(calls, parse(one));
    } catch {
      return [];
    }
  });
}

function projectIn(values: BoundArguments['values']): string {
  return projectIdOf(String(values['projectId']));
}

function note({ names }: Calls, more: readonly string[]): void {
  for (const name of more) names.add(name);
}
