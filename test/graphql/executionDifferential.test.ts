import { describe, expect, test } from '@jest/globals';
import { execute, type ExecutionResult, parse, validate } from 'graphql';
import type { StalePart } from '../../src/graphql/context.ts';
import { staleExtensions } from '../../src/graphql/response.ts';
import { createSchema } from '../../src/graphql/schema.ts';
import { createExecutor } from '../support/boundOperation.ts';
import { fakeContext } from '../support/executionLoaders.ts';
import type { Feature } from '../support/inputCorpus.ts';
import { generateOperation } from '../support/operationCorpus.ts';

/** How many cases are compared: one operation with one set of variables is a case. */
const CASES = Number(process.env['CASES'] ?? 2000);
/** The seed of the first operation. A failure names its own: `FIRST_SEED=<seed> CASES=3` runs that operation alone. */
const FIRST_SEED = Number(process.env['FIRST_SEED'] ?? 1);
const CASES_AN_OPERATION = 3;

const schema = createSchema();

/** As callers get them, in one order: none is promised. */
interface Reported {
  message: string;
  path: readonly (string | number)[];
  [key: string]: unknown;
}

function errorsOf({ errors = [] }: ExecutionResult): Reported[] {
  return errors
    .map(({ message, path = [], locations, originalError }) => ({
      // Compiled code names a field as often as it is selected.
      message: message.replace(/\.\((\w+)(?:,\1)*\)/, '.$1'),
      path,
      locations,
      code: (originalError as { extensions?: Record<string, unknown> } | undefined)?.extensions?.['code'],
      kind: (originalError as { kind?: string } | undefined)?.kind,
    }))
    .sort((a, b) => (textOf(a) < textOf(b) ? -1 : 1));
}

/** Whether an error lies below a place that is null: how many of those are reported is not the same. */
function isBelowNull({ path }: Reported, data: unknown): boolean {
  let value = data;
  for (const key of path.slice(0, -1)) {
    if (value === null || value === undefined) return true;
    value = (value as Record<string | number, unknown>)[key];
  }
  return value === null || value === undefined;
}

/** Fields in their order; one that is undefined is not one that is absent. */
function textOf(value: unknown): string {
  return JSON.stringify(value, (_, field: unknown) => (field === undefined ? '[undefined]' : field));
}

/** What `some` has and `others` does not, as often as it has it. */
function without<T>(some: readonly T[], others: readonly T[]): T[] {
  const left = others.map(textOf);
  return some.filter((one) => {
    const at = left.indexOf(textOf(one));
    if (at >= 0) left.splice(at, 1);
    return at < 0;
  });
}

/** In one order: resolvers run in any. */
function stalePathsOf(parts: StalePart[], { data }: ExecutionResult): string[] {
  return (staleExtensions(parts, data)?.stale ?? []).map(({ path }) => path.join('.')).sort();
}

/** graphql-js makes objects without a prototype, compiled code plain ones. Null where there is no object to tell by. */
function wayOf({ data }: ExecutionResult): 'compiled' | 'interpreted' | null {
  if (data === null || data === undefined) return null;
  return Object.getPrototypeOf(data) === Object.prototype ? 'compiled' : 'interpreted';
}

type Covered =
  Feature | 'error' | 'stale' | 'refused variables' | 'data' | 'compiled' | 'interpreted' | 'invalid';

function createCounts() {
  const counts = new Map<Covered, number>();
  return {
    add: (covered: Covered) => void counts.set(covered, (counts.get(covered) ?? 0) + 1),
    of: (covered: Covered) => counts.get(covered) ?? 0,
    all: () => Object.fromEntries([...counts].sort()),
  };
}

/** The least number of cases, of 6000, that must have each of these. */
const atLeast: Partial<Record<Covered, number>> = {
  'absent variable': 333,
  'null variable': 166,
  'variable default': 166,
  'input field default': 33,
  'enum variable': 33,
  'list variable': 33,
  'object variable': 33,
  'single value for a list': 33,
  'wrong value': 100,
  'variable in a literal': 100,
  'directive with variable': 100,
  'reserved name': 166,
  alias: 666,
  fragment: 333,
  'abstract type': 166,
  'repeated field': 66,
  introspection: 33,
  'several operations': 100,
  error: 333,
  'refused variables': 100,
  stale: 166,
  data: 1000,
  compiled: 666,
  interpreted: 166,
};

describe('compiled execution', () => {
  test(
    'answers as graphql-js does, over a corpus of generated operations and variables',
    async () => {
      const counts = createCounts();
      let compared = 0;
      for (let seed = FIRST_SEED; compared < CASES; seed++) {
        const operation = generateOperation(schema, seed, { conditions: seed % 5 === 0 });
        const document = parse(operation.query);
        if (validate(schema, document).length > 0) {
          counts.add('invalid');
          continue;
        }
        // Compiled with the first of its sets of variables, whatever that is.
        const compiled = createExecutor(schema, { compileOnRequest: 1, maxOperations: 1 });
        for (let set = 0; set < CASES_AN_OPERATION; set++) {
          const { variables, features } = operation.nextVariables();
          const { operationName, query } = operation;
          const [expectedContext, gotContext] = [fakeContext(), fakeContext()];
          const args = { document, operationName, contextValue: expectedContext };
          const expected = await execute({ ...args, schema, variableValues: variables });
          const got = await compiled({ ...args, variables, contextValue: gotContext });
          const [told, gotten] = [errorsOf(expected), errorsOf(got)];
          const stalePaths = stalePathsOf(gotContext.staleParts, got);
          const where = { seed, query, variables: JSON.stringify(variables) };
          // Where a null moves up to an object above, graphql-js executes no further fields of that object.
          const isCutShort = told.some((one) => isBelowNull(one, expected.data));
          const moreCalls = without(gotContext.calls, expectedContext.calls);
          expect({
            ...where,
            data: textOf(got.data),
            hasErrors: gotten.length > 0,
            missing: without(told, gotten).filter((one) => !isBelowNull(one, got.data)),
            more: without(gotten, told).filter((one) => !isBelowNull(one, got.data)),
            missingCalls: without(expectedContext.calls, gotContext.calls),
            moreCalls: isCutShort ? [] : moreCalls,
            stalePaths,
          }).toEqual({
            ...where,
            data: textOf(expected.data),
            hasErrors: told.length > 0,
            missing: [],
            more: [],
            missingCalls: [],
            moreCalls: [],
            stalePaths: stalePathsOf(expectedContext.staleParts, expected),
          });
          for (const feature of new Set([...operation.features, ...features])) counts.add(feature);
          const way = wayOf(got);
          if (way) counts.add(way);
          if (got.data) counts.add('data');
          if (stalePaths.length > 0) counts.add('stale');
          if (got.errors) counts.add('data' in got ? 'error' : 'refused variables');
          compared += 1;
        }
      }
      if (FIRST_SEED !== 1 || CASES < 2000) return;
      const rare = Object.entries(atLeast).filter(
        ([covered, least]) => counts.of(covered as Covered) < least,
      );
      expect({ rare, ...counts.all() }).toEqual({ rare: [], ...counts.all() });
    },
    Math.max(120_000, 30 * CASES),
  );
});
