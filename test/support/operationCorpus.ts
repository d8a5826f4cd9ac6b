import {
  getNamedType,
  getNullableType,
  type GraphQLArgument,
  type GraphQLField,
  type GraphQLInputType,
  type GraphQLObjectType,
  type GraphQLSchema,
  isAbstractType,
  isInterfaceType,
  isLeafType,
  isListType,
  isNonNullType,
  isObjectType,
} from 'graphql';

export interface GeneratedOperation {
  query: string;
  variables: Record<string, unknown>;
}

/** What arguments are given, by their name: literals as GraphQL writes them, some of them refused. */
const literals: Record<string, readonly string[]> = {
  projectId: ['"1"', '"2"', '"13"', '"x"', '7'],
  runId: ['"run-1"', '"run-2"', '"run-13"', '"none"', '"not an id"'],
  id: [
    '"gid://dataworks/PipelineRun/1/run-1"',
    '"gid://dataworks/PipelineRun/1/none"',
    '"gid://dataworks/PipelineRun/1/run-13"',
    '"gid://dataworks/Project/2"',
    '"nonsense"',
  ],
  ids: [
    '["gid://dataworks/PipelineRun/1/run-1", "nonsense", "gid://dataworks/Project/2"]',
    '["gid://dataworks/PipelineRun/1/run-13", "gid://dataworks/PipelineRun/1/run-2"]',
    '[]',
  ],
  representations: [
    '[{ __typename: "Project", projectId: "2" }, { __typename: "Nobody" }]',
    '[{ __typename: "PipelineRun", projectId: "1", runId: "run-13" }]',
  ],
  filter: ['null', '{ status: FAILED }', '{ creator: "c", objectId: "12" }', '{ status: UNKNOWN }'],
  page: ['null', '{ number: 1, size: 2 }', '{}', '{ number: 0 }'],
  first: ['2', '101', 'null'],
  last: ['null', '2'],
  after: ['null', '"c1"'],
  before: ['null'],
  name: ['"PipelineRun"', '"Nothing"'],
  includeDeprecated: ['true', 'false'],
};

/**
 * A valid or nearly valid query of a schema: nested selections, aliases, inline and named fragments, @skip and @include by literals
 * and by variables, arguments by literals and by variables, and types known only when it runs. The same for the same seed.
 */
export function generateOperation(
  schema: GraphQLSchema,
  seed: number,
  { conditions }: { conditions: boolean },
): GeneratedOperation {
  const dice = createDice(seed);
  const fragments: string[] = [];
  const declared = new Map<string, { type: string; value: unknown }>([
    ['yes', { type: 'Boolean!', value: true }],
    ['no', { type: 'Boolean!', value: false }],
  ]);
  const used = new Set<string>();
  let names = 0;

  const query = schema.getQueryType();
  if (!query) throw new Error('The schema has no queries.');
  const body = selectionOf(query, 0);
  const definitions = [...used].map((name) => `$${name}: ${declared.get(name)?.type ?? 'ID'}`);
  const head = definitions.length > 0 ? `query Generated(${definitions.join(', ')})` : 'query Generated';
  return {
    query: `${head} ${body}\n${fragments.join('\n')}`,
    variables: Object.fromEntries([...used].map((name) => [name, declared.get(name)?.value])),
  };

  function selectionOf(type: GraphQLObjectType | null, depth: number, abstract?: readonly string[]): string {
    const parts: string[] = [];
    if (type) {
      const fields = Object.values(type.getFields()).filter((field) => isWorthIt(field, depth));
      const wanted = 1 + dice(depth === 0 ? 3 : 4);
      for (let n = 0; n < wanted; n++) {
        const field = fields[dice(fields.length)];
        if (field) parts.push(fieldOf(field, depth));
      }
      if (dice(4) === 0) parts.push(`... on ${type.name}${directive()} ${selectionOf(type, depth + 1)}`);
      if (dice(4) === 0 && depth < 5) parts.push(namedFragment(type.name, selectionOf(type, depth + 1)));
    }
    for (const name of abstract ?? []) {
      const concrete = schema.getType(name);
      if (dice(4) > 0 && isObjectType(concrete)) {
        parts.push(`... on ${name}${directive()} ${selectionOf(concrete, depth + 1)}`);
      }
    }
    if (dice(3) === 0 || parts.length === 0) parts.push('__typename');
    return `{ ${parts.join(' ')} }`;
  }

  function isWorthIt(field: GraphQLField<unknown, unknown>, depth: number): boolean {
    return isLeafType(getNamedType(field.type)) || depth < 5;
  }

  function fieldOf(field: GraphQLField<unknown, unknown>, depth: number): string {
    const alias = field.args.length > 0 || dice(4) === 0 ? `a${names++}: ` : '';
    const given = field.args.flatMap((argument) => argumentOf(argument));
    const type = getNamedType(field.type);
    const below = isLeafType(type)
      ? ''
      : isAbstractType(type)
        ? selectionOfAbstract(type.name, depth + 1)
        : selectionOf(isObjectType(type) ? type : null, depth + 1);
    return `${alias}${field.name}${given.length > 0 ? `(${given.join(', ')})` : ''}${directive()} ${below}`;
  }

  function selectionOfAbstract(name: string, depth: number): string {
    const type = schema.getType(name);
    if (!isAbstractType(type)) return '{ __typename }';
    const set = selectionOf(
      null,
      depth,
      schema.getPossibleTypes(type).map((possible) => possible.name),
    );
    return isInterfaceType(type) && dice(2) === 0 ? set.replace('{', '{ id ') : set;
  }

  function argumentOf(argument: GraphQLArgument): string[] {
    const values = literals[argument.name];
    if (!values) return [];
    if (!isNonNullType(argument.type) && dice(3) > 0) return [];
    const literal = values[dice(values.length)] ?? 'null';
    if (literal === 'null' && isNonNullType(argument.type)) return [];
    if (dice(3) > 0 || hasObject(argument.type)) return [`${argument.name}: ${literal}`];
    const name = `v${names++}`;
    declared.set(name, { type: String(argument.type), value: JSON.parse(literal) as unknown });
    used.add(name);
    return [`${argument.name}: $${name}`];
  }

  function directive(): string {
    if (!conditions || dice(6) > 0) return '';
    const condition = ['true', 'false', '$yes', '$no'][dice(4)] ?? 'true';
    if (condition.startsWith('$')) used.add(condition.slice(1));
    return ` @${dice(2) === 0 ? 'skip' : 'include'}(if: ${condition})`;
  }

  function namedFragment(type: string, set: string): string {
    const name = `F${names++}`;
    fragments.push(`fragment ${name} on ${type} ${set}`);
    return `...${name}${directive()}`;
  }
}

/** Such values are written as GraphQL does, which is no JSON. */
function hasObject(type: GraphQLInputType): boolean {
  const inner = getNullableType(type);
  return isListType(inner) ? hasObject(inner.ofType) : !isLeafType(inner) || inner.name === '_Any';
}

/** A small generator with a seed: whole numbers from 0 up to but not including `sides`. */
export function createDice(seed: number): (sides: number) => number {
  let state = (seed * 2_654_435_761) >>> 0;
  return (sides) => {
    state = (Math.imul(state ^ (state >>> 15), 2_246_822_519) + 374_761_393) >>> 0;
    return sides === 0 ? 0 : (state >>> 8) % sides;
  };
}
