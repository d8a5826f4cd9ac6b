import {
  getNamedType,
  type GraphQLArgument,
  GraphQLBoolean,
  GraphQLID,
  type GraphQLField,
  GraphQLNonNull,
  type GraphQLObjectType,
  type GraphQLSchema,
  isAbstractType,
  isInterfaceType,
  isLeafType,
  isNonNullType,
  isObjectType,
  SchemaMetaFieldDef,
  TypeMetaFieldDef,
} from 'graphql';
import { createDice } from './dice.ts';
import {
  createVariables,
  type Feature,
  isAny,
  literalOf,
  type PartOf,
  RESERVED,
  valueOf,
} from './inputCorpus.ts';

export interface GeneratedOperation {
  query: string;
  operationName: string | null;
  /** The features of the document. */
  features: ReadonlySet<Feature>;
  /** The variables of one request and their features. A new set each time. */
  nextVariables(): { variables: Record<string, unknown>; features: ReadonlySet<Feature> };
}

type Field = GraphQLField<unknown, unknown>;

/**
 * A valid or nearly valid query of a schema: nested selections, aliases of every kind, inline and named fragments, fields that are
 * selected twice, arguments by literals, by variables and by both, and types known only when it runs. The same seed gives the same query.
 *
 * @param options.conditions whether selections have `@skip` and `@include`
 */
export function generateOperation(
  schema: GraphQLSchema,
  seed: number,
  { conditions }: { conditions: boolean },
): GeneratedOperation {
  const dice = createDice(seed);
  const features = new Set<Feature>();
  const note = (one: Feature) => void features.add(one);
  const variables = createVariables(dice, note);
  const fragments: string[] = [];
  const usedAliases = new Set<string>();
  let names = 0;

  const query = schema.getQueryType();
  if (!query) throw new Error('The schema has no queries.');
  const body = selectionOf(query, 0);
  const definitions = variables.definitions();
  const isOneOfSeveral = dice(10) === 0;
  if (isOneOfSeveral) note('several operations');
  const operation = `query Generated${definitions && `(${definitions})`} ${body}`;
  const other = isOneOfSeveral
    ? 'query Other($v0: Int = 1) { pipelineRuns(projectId: 1, first: $v0) { totalCount } }'
    : '';
  return {
    query: [other, operation, ...fragments].join('\n'),
    operationName: isOneOfSeveral ? 'Generated' : null,
    features,
    nextVariables() {
      const ofValues = new Set<Feature>();
      return { variables: variables.values((one) => void ofValues.add(one)), features: ofValues };
    },
  };

  function selectionOf(type: GraphQLObjectType, depth: number): string {
    const fields = fieldsOf(type, depth);
    // At the greatest depth only leaves are selected, and the query type has none.
    const parts =
      fields.length === 0
        ? ['__typename']
        : Array.from({ length: 1 + dice(depth === 0 ? 3 : 4) }, () => fieldOf(dice.pick(fields), depth));
    if (dice(4) === 0 && depth < 5) {
      note('fragment');
      const set = selectionOf(type, depth + 1);
      parts.push(dice(2) === 0 ? `... on ${type.name}${directive()} ${set}` : namedFragment(type.name, set));
    }
    if (dice(3) === 0) parts.push('__typename');
    return `{ ${parts.join(' ')} }`;
  }

  function fieldsOf(type: GraphQLObjectType, depth: number): Field[] {
    const fields: Field[] = Object.values(type.getFields());
    const worthIt = fields.filter((field) => isLeafType(getNamedType(field.type)) || depth < 5);
    const isRoot = type === query && depth === 0;
    return isRoot && dice(4) === 0 ? [...worthIt, SchemaMetaFieldDef, TypeMetaFieldDef] : worthIt;
  }

  function selectionOfAbstract(name: string, depth: number): string {
    const type = schema.getType(name);
    if (!isAbstractType(type)) throw new Error(`${name} is no abstract type.`);
    note('abstract type');
    const parts = schema.getPossibleTypes(type).flatMap((possible) => {
      if (dice(4) === 0) return [];
      const set = selectionOf(possible, depth + 1);
      return [
        dice(3) === 0 ? namedFragment(possible.name, set) : `... on ${possible.name}${directive()} ${set}`,
      ];
    });
    if (isInterfaceType(type) && dice(2) === 0) parts.push('id');
    if (isInterfaceType(type) && dice(4) === 0) parts.push(`... on ${name} { id __typename }`);
    return `{ ${[...parts, '__typename'].join(' ')} }`;
  }

  function fieldOf(field: Field, depth: number): string {
    const type = getNamedType(field.type);
    if (field.name.startsWith('__')) note('introspection');
    const given = field.args.flatMap((argument) => argumentOf(argument)).join(', ');
    const head = `${aliasFor(field)}${field.name}${given && `(${given})`}`;
    if (isLeafType(type)) return `${head}${directive()}`;
    const below = () =>
      `${directive()} ${isObjectType(type) ? selectionOf(type, depth + 1) : selectionOfAbstract(type.name, depth + 1)}`;
    if (dice(10) > 0 || depth > 3) return `${head}${below()}`;
    note('repeated field');
    return `${head}${below()} ... ${directive()} { ${head}${below()} }`;
  }

  function aliasFor({ args }: Field): string {
    if (args.length === 0 && dice(4) > 0) return '';
    note('alias');
    const reserved = dice(40) === 0 ? '__proto__' : dice.pick(RESERVED);
    if (dice(8) > 0 || usedAliases.has(reserved)) return `a${names++}: `;
    usedAliases.add(reserved);
    note('reserved name');
    return `${reserved}: `;
  }

  function argumentOf({ name, type }: GraphQLArgument): string[] {
    if (!isNonNullType(type) && dice(name === 'filter' || name === 'page' ? 2 : 3) > 0) return [];
    const chance = dice(20);
    if (chance < 11) return [`${name}: ${variables.declare(name, type)}`];
    if (chance === 19 && !isNonNullType(type)) return [`${name}: null`];
    const isPartial =
      chance < 15 &&
      (isAny(type) || String(type) !== String(getNamedType(type)) || name === 'filter' || name === 'page');
    return [
      `${name}: ${literalOf(valueOf(name, type, dice, note), type, isPartial ? partOf(name) : undefined)}`,
    ];
  }

  /** Variables inside a literal. */
  function partOf(argument: string): PartOf {
    return (type, name, hasDefault) => {
      // The fields of a representation have no types.
      const isKey = name === 'projectId' || name === 'runId' || name === 'id';
      if ((type === null && !isKey) || dice(3) > 0) return null;
      note('variable in a literal');
      return variables.declare(name ?? argument, type ?? GraphQLID, hasDefault);
    };
  }

  function directive(): string {
    if (!conditions || dice(4) > 0) return '';
    const isLiteral = dice(3) === 0;
    if (!isLiteral) note('directive with variable');
    const condition = isLiteral
      ? String(dice(2) === 0)
      : variables.declare('if', new GraphQLNonNull(GraphQLBoolean));
    return ` @${dice(2) === 0 ? 'skip' : 'include'}(if: ${condition})`;
  }

  function namedFragment(type: string, set: string): string {
    note('fragment');
    const name = dice(20) === 0 && !usedAliases.has('fragment') ? 'constructor' : `F${names++}`;
    if (name === 'constructor') usedAliases.add('fragment');
    fragments.push(`fragment ${name} on ${type} ${set}`);
    // A second spread of the same fragment adds nothing.
    return dice(6) === 0 ? `...${name}${directive()} ...${name}` : `...${name}${directive()}`;
  }
}
