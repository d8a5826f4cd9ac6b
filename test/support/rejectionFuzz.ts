import { execute, parse, validate } from 'graphql';
import { manageLifecycle } from '../../src/cli/lifecycle.ts';
import { createSchema } from '../../src/graphql/schema.ts';
import { createLogger } from '../../src/telemetry/logger.ts';
import { createExecutor } from './boundOperation.ts';
import { createDice, type Dice } from './dice.ts';
import { fakeContext } from './executionLoaders.ts';
import { type GeneratedOperation, generateOperation } from './operationCorpus.ts';

/*
 * Executes generated operations in a process of its own, where jest does not handle rejections. Writes, for each executor and for
 * valid and invalid rows, how many rejections were left unhandled and how often the process would have ended. Argument: the number
 * of cases of each.
 */

const cases = Number(process.argv[2]);
const schema = createSchema();
const compiled = createExecutor(schema, { compileOnRequest: 1, maxOperations: 1 });
const noCounts = { cases: 0, unhandled: 0, exits: 0, errors: 0, listsLeftOut: 0 };
let counts = noCounts;
let rows: 'valid' | 'invalid' = 'valid';

process.on('unhandledRejection', () => (counts.unhandled += 1));
manageLifecycle({
  process: {
    on: process.on.bind(process),
    exit: (() => (counts.exits += 1)) as unknown as NodeJS.Process['exit'],
  },
  logger: createLogger('silent'),
  close: () => Promise.resolve(),
});

const results: Record<string, typeof noCounts> = {};
for (const executor of ['interpreted', 'compiled'] as const) {
  for (rows of ['valid', 'invalid'] as const) {
    counts = { ...noCounts };
    await fuzz(executor);
    results[`${executor} ${rows}`] = counts;
  }
}
console.log(JSON.stringify(results));

async function fuzz(executor: 'interpreted' | 'compiled'): Promise<void> {
  for (let seed = 1; counts.cases < cases; seed++) {
    const { query, operationName, nextVariables } =
      seed % 2 === 0
        ? rowsOperation(createDice(seed))
        : generateOperation(schema, seed, { conditions: false });
    const document = parse(query);
    if (validate(schema, document).length > 0) continue;
    const { variables } = nextVariables();
    const contextValue = unreliableContext(createDice(seed));
    const result = await (executor === 'compiled'
      ? compiled({ document, operationName, variables, contextValue })
      : execute({ schema, document, operationName, variableValues: variables, contextValue }));
    counts.cases += 1;
    counts.errors += result.errors?.length ?? 0;
    // Longer than any loader takes.
    for (let turn = 0; turn < 8; turn++) await new Promise(setImmediate);
  }
}

/** Rows with fields that load and fields that can break a promise of the schema, in any order. */
function rowsOperation(dice: Dice): Pick<GeneratedOperation, 'query' | 'operationName' | 'nextVariables'> {
  let aliases = 0;
  const fieldsOf = (depth: number): string =>
    Array.from({ length: 2 + dice(4) }, () => {
      const field = dice.pick(['project', 'project', 'items', 'stages', 'stages', 'status', 'runId']);
      const name = `a${aliases++}: ${field}`;
      if (field === 'status' || field === 'runId') return name;
      if (field === 'stages') return `${name} { ${dice.pick(['code', 'step', 'status rawType'])} }`;
      if (field === 'items') return `${name} { totalCount }`;
      return `${name} { id ${depth > 0 ? '' : rowsOf(1)} }`;
    }).join(' ');
  const rowsOf = (depth: number): string =>
    `pipelineRuns { ${dice(2) === 0 ? `nodes { ${fieldsOf(depth)} }` : `edges { node { ${fieldsOf(depth)} } }`} }`;
  const query = `{ ${rowsOf(0).replace('pipelineRuns', 'pipelineRuns(projectId: 1)')} }`;
  return { query, operationName: null, nextVariables: () => ({ variables: {}, features: new Set() }) };
}

/** Loaders that answer in any order and fail half of the time, and a budget that ends at any list. */
function unreliableContext(dice: Dice) {
  const { loaders } = fakeContext();
  const { run, project, items } = loaders;
  const unreliable = <Given>(load: (given: Given) => Promise<unknown>, half = 2) =>
    async function (given: Given): Promise<unknown> {
      for (let turns = dice(4); turns > 0; turns--) await new Promise(setImmediate);
      if (dice(half) === 0) throw new Error('It failed.');
      return load(given);
    };
  let left = 1;
  return {
    staleParts: [],
    output: {
      get objectsLeft() {
        return left;
      },
      set objectsLeft(_: number) {
        left = dice(3) > 0 ? 1 : -1;
        if (left < 0) counts.listsLeftOut += 1;
      },
    },
    loaders: {
      run: unreliable(run),
      project: unreliable(project),
      items: (key: { runId: string }) => ({ read: unreliable(items(key).read) }),
      runs: () => ({ read: unreliable(() => Promise.resolve(windowOf(dice)), 8) }),
    },
  };
}

function windowOf(dice: Dice) {
  return {
    nodes: Array.from({ length: 6 }, (_, at) => runNumber(at, dice)),
    cursorAt: (at: number) => `c${at}`,
    totalCount: 6,
    hasNextPage: true,
    hasPreviousPage: false,
    asOf: 1_700_000_000_000,
    staleBecause: null,
  };
}

/** Where rows can be invalid, half of the fields that the schema promises have values that it does not allow. */
function runNumber(at: number, dice: Dice) {
  const field = (valid: unknown, invalid: unknown = null) =>
    rows === 'invalid' && dice(2) === 0 ? invalid : valid;
  const stage = {
    code: field('BUILD'),
    step: field(1, 'one'),
    type: field('BUILD', 'BOGUS'),
    rawType: field('Build'),
    status: field('SUCCEEDED', 'BOGUS'),
    rawStatus: field('Success'),
  };
  return {
    projectId: '10000',
    runId: field(`run-${at}`),
    status: field('SUCCEEDED', 'BOGUS'),
    rawStatus: field('Success'),
    stages: field([stage, { ...stage, code: 'DEV' }], at),
    asOf: field(1_700_000_000_000),
    staleBecause: null,
  };
}
