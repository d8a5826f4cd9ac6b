import {
  getNullableType,
  type GraphQLInputType,
  isEnumType,
  isInputObjectType,
  isListType,
  isNonNullType,
} from 'graphql';
import type { Dice } from './dice.ts';

/** What a generated operation has, for counts of what a corpus covers. */
export type Feature =
  | 'absent variable'
  | 'null variable'
  | 'variable default'
  | 'input field default'
  | 'enum variable'
  | 'list variable'
  | 'object variable'
  | 'single value for a list'
  | 'wrong value'
  | 'variable in a literal'
  | 'directive with variable'
  | 'reserved name'
  | 'alias'
  | 'fragment'
  | 'abstract type'
  | 'repeated field'
  | 'introspection'
  | 'several operations';

type Value = string | number | boolean | null | Value[] | { [key: string]: Value };

const RUN = 'gid://dataworks/PipelineRun/1/';
const REPRESENTATIONS: Value[] = [
  { __typename: 'Project', projectId: '2' },
  { __typename: 'Nobody' },
  { __typename: 'PipelineRun', projectId: 1, runId: 'run-13' },
  { __typename: 'PipelineRun', id: `${RUN}run-3` },
];

/** By the name of the argument or input field; resolvers reject some of them. */
const valuesByName: Readonly<Record<string, readonly Value[]>> = {
  projectId: ['1', '2', '13', 'x', 7],
  runId: ['run-1', 'run-2', 'run-3', 'run-13', 'none', 'not an id'],
  id: [`${RUN}run-1`, `${RUN}none`, `${RUN}run-13`, 'gid://dataworks/Project/2', 'nonsense'],
  ids: [`${RUN}run-1`, `${RUN}run-13`, `${RUN}run-2`, 'gid://dataworks/Project/2', 'nonsense'],
  representations: REPRESENTATIONS,
  creator: ['c', 'not a uid', 5],
  objectId: ['12', '0', 12],
  number: [1, 2, 0, 3],
  size: [1, 2, 101],
  first: [2, 5, 101],
  last: [2, 3],
  after: ['c1'],
  before: ['c2'],
  name: ['PipelineRun', 'PipelineRunStatus', 'PageInput', 'Nothing'],
  includeDeprecated: [true, false],
  if: [true, false],
};

/** None fits any type of input except `_Any`. */
const wrongValues: readonly Value[] = [1.5, 4_294_967_296, { unknown: 1 }, [[{}]], { number: null }];

export function isAny(type: GraphQLInputType): boolean {
  const inner = getNullableType(type);
  return isListType(inner) ? isAny(inner.ofType) : String(inner) === '_Any';
}

/** A value that the type accepts, as JSON. */
export function valueOf(
  name: string,
  type: GraphQLInputType,
  dice: Dice,
  note: (one: Feature) => void,
): Value {
  const inner = getNullableType(type);
  if (isListType(inner)) {
    if (dice(6) === 0) {
      note('single value for a list');
      return valueOf(name, inner.ofType, dice, note);
    }
    return Array.from({ length: dice(4) }, () => valueOf(name, inner.ofType, dice, note));
  }
  if (isEnumType(inner)) return dice.pick(inner.getValues()).name;
  if (isInputObjectType(inner)) {
    const object: Record<string, Value> = {};
    for (const field of Object.values(inner.getFields())) {
      const isRequired = isNonNullType(field.type) && field.defaultValue === undefined;
      if (!isRequired && dice(2) === 0) {
        if (field.defaultValue !== undefined) note('input field default');
      } else if (!isNonNullType(field.type) && dice(5) === 0) object[field.name] = null;
      else object[field.name] = valueOf(field.name, field.type, dice, note);
    }
    return object;
  }
  const values = valuesByName[name];
  if (!values) throw new Error(`The corpus has no values for ${name}.`);
  return dice.pick(values);
}

/** A value as GraphQL writes it; of an input object or list, some parts are left to `part`. */
export function literalOf(value: Value, type: GraphQLInputType | null, part?: PartOf): string {
  const inner = type && getNullableType(type);
  if (Array.isArray(value)) {
    const itemType = inner && isListType(inner) ? inner.ofType : null;
    const items = value.map((item) => part?.(itemType, null) ?? literalOf(item, itemType, part));
    return `[${items.join(', ')}]`;
  }
  if (value !== null && typeof value === 'object') {
    const fields = inner && isInputObjectType(inner) ? inner.getFields() : null;
    const entries = Object.entries(value).map(([name, field]) => {
      const fieldType = fields?.[name]?.type ?? null;
      const hasDefault = fields?.[name]?.defaultValue !== undefined;
      const text = part?.(fieldType, name, hasDefault) ?? literalOf(field, fieldType, part);
      return `${name}: ${text}`;
    });
    return `{ ${entries.join(', ')} }`;
  }
  return inner && isEnumType(inner) && typeof value === 'string' ? value : JSON.stringify(value);
}

/** A variable in the place of an item or of a field; null for the value itself. */
export type PartOf = (
  type: GraphQLInputType | null,
  name: string | null,
  hasDefault?: boolean,
) => string | null;

interface Declaration {
  name: string;
  argument: string;
  type: GraphQLInputType;
  isRequired: boolean;
  hasDefault: boolean;
  text: string;
}

/** The variables of one operation. */
export interface Variables {
  /** Declares a variable for a position and returns it as `$name`. */
  declare(argument: string, type: GraphQLInputType, positionHasDefault?: boolean): string;
  definitions(): string;
  /** Values for one request: some absent, some null, some wrong. */
  values(note: (one: Feature) => void): Record<string, unknown>;
}

/** Names that are special in JavaScript or in the code that graphql-jit generates. */
export const RESERVED = [
  ...['constructor', 'toString', 'valueOf', 'hasOwnProperty', 'prototype', 'length', 'name', 'then'],
  ...['class', 'null', 'undefined', 'this', 'arguments', 'query', 'data', 'errors', 'message', 'path'],
  ...['input', 'coerced', 'err', 'result', 'idx0', '__context', '__parent', '__concrete', '__currentItem'],
];

export function createVariables(dice: Dice, note: (one: Feature) => void): Variables {
  const declared = new Map<string, Declaration>();
  return {
    declare(argument, type, positionHasDefault = false) {
      const name = newName();
      declared.set(name, declarationOf(name, argument, type, positionHasDefault));
      return `$${name}`;
    },
    definitions: () => [...declared.values()].map(({ text }) => text).join(', '),
    values(noteValue) {
      const entries = [...declared.values()].flatMap((one) => {
        const value = givenFor(one, noteValue);
        return value === undefined ? [] : [[one.name, value] as const];
      });
      return Object.fromEntries(entries);
    },
  };

  function newName(): string {
    if (dice(60) === 0 && !declared.has('__proto__')) {
      note('reserved name');
      return '__proto__';
    }
    const reserved = dice.pick(RESERVED);
    if (dice(8) > 0 || declared.has(reserved)) return `v${declared.size}`;
    note('reserved name');
    return reserved;
  }

  /** A type and a default that validation allows where a value of `type` is expected. */
  function declarationOf(
    name: string,
    argument: string,
    type: GraphQLInputType,
    positionHasDefault: boolean,
  ): Declaration {
    const nullable = String(getNullableType(type));
    const hasDefault = dice(3) === 0;
    const mustBeNonNull = isNonNullType(type) && !hasDefault && !positionHasDefault;
    const isRequired = mustBeNonNull || dice(4) === 0;
    const isNullDefault = hasDefault && !isRequired && !isNonNullType(type) && dice(4) === 0;
    const value = isNullDefault ? null : valueOf(argument, type, dice, note);
    const text = `$${name}: ${nullable}${isRequired ? '!' : ''}${hasDefault ? ` = ${literalOf(value, type)}` : ''}`;
    const inner = getNullableType(type);
    if (isEnumType(inner)) note('enum variable');
    if (isListType(inner)) note('list variable');
    if (isInputObjectType(inner)) note('object variable');
    return { name, argument, type, isRequired, hasDefault, text };
  }

  /** Undefined where the variable is absent. */
  function givenFor(declaration: Declaration, noteValue: (one: Feature) => void): unknown {
    const { argument, type, isRequired, hasDefault } = declaration;
    const chance = dice(20);
    if (chance < 7 && (hasDefault || !isRequired || chance === 0)) {
      noteValue('absent variable');
      if (hasDefault) noteValue('variable default');
      return undefined;
    }
    if (chance >= 17 && (!isRequired || chance === 19)) {
      noteValue('null variable');
      return null;
    }
    if (dice(14) === 0) {
      noteValue('wrong value');
      return dice.pick(wrongValues);
    }
    return valueOf(argument, type, dice, noteValue);
  }
}
