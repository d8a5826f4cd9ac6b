import {
  type FieldNode,
  type FragmentDefinitionNode,
  getArgumentValues,
  getDirectiveValues,
  getNamedType,
  GraphQLIncludeDirective,
  type GraphQLObjectType,
  type GraphQLSchema,
  GraphQLSkipDirective,
  isAbstractType,
  isObjectType,
  Kind,
  type OperationDefinitionNode,
  type SelectionNode,
  type SelectionSetNode,
} from 'graphql';
import type { GatewayContext } from './context.ts';
import {
  assertLength,
  filterOf,
  MAX_IDS,
  MAX_REPRESENTATIONS,
  projectIdOf,
  runIdOf,
  windowOf,
} from './arguments.ts';
import { type GlobalId, parseGlobalId } from './globalId.ts';
import { parseRepresentation } from './representation.ts';

export interface PricedOperation {
  schema: GraphQLSchema;
  operation: OperationDefinitionNode;
  fragments: Readonly<Record<string, FragmentDefinitionNode>>;
  variables: Readonly<Record<string, unknown>>;
}

/** What is known of the object that fields are selected on, before anything has been read. */
type Subject =
  | { type: 'Query' }
  | { type: 'Project'; projectId: string }
  | { type: 'PipelineRun'; projectId: string; runId: string }
  /** The runs of a window: which ones, where that is known already, and else how many at most. */
  | { type: 'PipelineRuns'; projectId: string; window: string; runs: RunKey[] | null; atMost: number };

type Arguments = Record<string, unknown>;
type Prices = GatewayContext['loaders']['prices'];
type RunKey = Parameters<Prices['run']>[0];

/**
 * How many upstream calls an operation could need at worst, given what is cached now. What the loaders would share is counted
 * once. Makes no call; an argument that will be refused costs nothing.
 */
export function priceOf(
  { schema, operation, fragments, variables }: PricedOperation,
  prices: Prices,
): number {
  const till = createTill(prices);
  const root = schema.getRootType(operation.operation);
  if (root) visitSelections(root, operation.selectionSet, { type: 'Query' });
  return till.total();

  function visitSelections(
    type: GraphQLObjectType,
    { selections }: SelectionSetNode,
    subject: Subject,
  ): void {
    for (const selection of selections.filter(isIncluded)) {
      if (selection.kind === Kind.FIELD) {
        visitField(type, selection, subject);
        continue;
      }
      const fragment = selection.kind === Kind.INLINE_FRAGMENT ? selection : fragments[selection.name.value];
      if (fragment && applies(fragment.typeCondition?.name.value, type)) {
        visitSelections(type, fragment.selectionSet, subject);
      }
    }
  }

  function visitField(parent: GraphQLObjectType, node: FieldNode, subject: Subject): void {
    const field = parent.getFields()[node.name.value];
    if (!field || !node.selectionSet) return;
    const type = getNamedType(field.type);
    for (const child of subjectsOf(
      () => getArgumentValues(field, node, variables),
      parent,
      node.name.value,
      subject,
    )) {
      const childType = isObjectType(type) ? type : schema.getType(child.type);
      if (isObjectType(childType)) visitSelections(childType, node.selectionSet, child);
    }
  }

  /** The objects that a field leads to, after their price is noted. Fields that only wrap lead to what they wrap. */
  function subjectsOf(
    readArguments: () => Arguments,
    parent: GraphQLObjectType,
    name: string,
    subject: Subject,
  ): Subject[] {
    const price = priced[`${parent.name}.${name}`];
    if (!price) return [subject];
    try {
      return price(till, readArguments(), subject);
    } catch {
      return [];
    }
  }

  function applies(condition: string | undefined, type: GraphQLObjectType): boolean {
    const conditionType = condition === undefined ? type : schema.getType(condition);
    return conditionType === type || (isAbstractType(conditionType) && schema.isSubType(conditionType, type));
  }

  /** Execution refuses a condition that is null, and with it all that is selected beside it. */
  function isIncluded(selection: SelectionNode): boolean {
    try {
      const skip = getDirectiveValues(GraphQLSkipDirective, selection, variables);
      const include = getDirectiveValues(GraphQLIncludeDirective, selection, variables);
      return skip?.['if'] !== true && include?.['if'] !== false;
    } catch {
      return false;
    }
  }
}

/** As many as the loaders ask for in one call. */
const MAX_PROJECTS_A_CALL = 100;

/** The first event has a canonical page of runs, a hundred at most. */
const HEAD = { number: 1, size: 100 };

/** Where calls are noted as they are found. */
interface Till {
  prices: Prices;
  note(calls: readonly string[]): void;
  /** Projects that the root of the operation asks for, which are asked for together. */
  noteAtRoot(calls: readonly string[]): void;
  total(): number;
}

function createTill(prices: Prices): Till {
  const calls = new Set<string>();
  const atRoot = new Set<string>();
  return {
    prices,
    note: (names) => names.forEach((name) => calls.add(name)),
    noteAtRoot: (names) => names.forEach((name) => atRoot.add(name)),
    total: () =>
      [...calls].filter((name) => !atRoot.has(name)).length + Math.ceil(atRoot.size / MAX_PROJECTS_A_CALL),
  };
}

/** The fields that can need a call. */
const priced: Record<string, (till: Till, given: Arguments, subject: Subject) => Subject[]> = {
  'Query.pipelineRuns': (till, given) => [priceRuns(till, projectIdOf(String(given['projectId'])), given)],
  'Project.pipelineRuns': (till, given, subject) =>
    subject.type === 'Project' ? [priceRuns(till, subject.projectId, given)] : [],
  'Query.pipelineRun': (till, given) => [
    priceRun(till, projectIdOf(String(given['projectId'])), runIdOf(String(given['runId']))),
  ],
  'Query.project': (till, given) => [priceRootProject(till, projectIdOf(String(given['projectId'])))],
  'Query.node': (till, given) => [priceObject(till, parseGlobalId(String(given['id'])))],
  'Query.nodes': (till, given) => {
    const ids = given['ids'] as string[];
    assertLength('ids', ids, MAX_IDS);
    return priceEach(till, ids, parseGlobalId);
  },
  'Query._entities': (till, given) => {
    const representations = given['representations'] as unknown[];
    assertLength('representations', representations, MAX_REPRESENTATIONS);
    return priceEach(till, representations, parseRepresentation);
  },
  'Subscription.pipelineRunUpdated': (till, given) => [
    priceRun(till, projectIdOf(String(given['projectId'])), runIdOf(String(given['runId']))),
  ],
  'Subscription.pipelineRunsUpdated': (till, given) => [
    priceRuns(till, projectIdOf(String(given['projectId'])), { filter: given['filter'], page: HEAD }),
  ],
  'PipelineRun.project': (till, _, subject) => {
    if (subject.type === 'Query') return [];
    till.note(till.prices.project(subject.projectId));
    return [{ type: 'Project', projectId: subject.projectId }];
  },
  'PipelineRun.items': (till, given, subject) => {
    const window = windowOf(given);
    if (subject.type === 'PipelineRun') till.note(till.prices.items(subject, window));
    if (subject.type === 'PipelineRuns') {
      for (const run of subject.runs ?? []) till.note(till.prices.items(run, window));
      const unknown = subject.runs === null ? till.prices.itemsOfAnyRun(window) : [];
      for (let row = 0; row < subject.atMost; row++) {
        till.note(unknown.map((call) => `row ${row} of ${subject.window}: ${call}`));
      }
    }
    return [];
  },
};

function priceRuns(till: Till, projectId: string, given: Arguments): Subject {
  const list = { projectId, filter: filterOf(given['filter'] as Parameters<typeof filterOf>[0]) };
  const window = windowOf(given);
  till.note(till.prices.runs(list, window));
  return {
    type: 'PipelineRuns',
    projectId,
    window: JSON.stringify([list, window]),
    // Of no use but to what is asked for below each run.
    get runs() {
      return till.prices.knownRuns(list, window);
    },
    atMost: window.by === 'offset' ? window.limit : window.count,
  };
}

function priceRun(till: Till, projectId: string, runId: string): Subject {
  till.note(till.prices.run({ projectId, runId }));
  return { type: 'PipelineRun', projectId, runId };
}

function priceRootProject(till: Till, projectId: string): Subject {
  till.noteAtRoot(till.prices.project(projectId));
  return { type: 'Project', projectId };
}

function priceObject(till: Till, id: GlobalId): Subject {
  return id.type === 'Project'
    ? priceRootProject(till, id.projectId)
    : priceRun(till, id.projectId, id.runId);
}

/** One that is refused costs nothing, and does not take the others with it. */
function priceEach<Given>(till: Till, given: readonly Given[], parse: (one: Given) => GlobalId): Subject[] {
  return given.flatMap((one) => {
    try {
      return [priceObject(till, parse(one))];
    } catch {
      return [];
    }
  });
}
