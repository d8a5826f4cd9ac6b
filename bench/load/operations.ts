import type { ShownList } from './truth.ts';

/** The operations of a gateway's callers. */
export interface Operation {
  name: string;
  /** The request's body. */
  body: string;
  expect:
    | { answer: 'list'; list: ShownList['list']; offset: number; limit: number }
    | { answer: 'runs'; projectId: string; runIds: readonly string[] }
    | { answer: 'rejection'; code: string };
}

const BIG = '10000';
const SMALL = Array.from({ length: 20 }, (_, n) => String(20_000 + n));

const RUN = 'runId createTime status';
const ROWS = `totalCount nodes { ${RUN} rawStatus stages { code status } } pageInfo { endCursor hasNextPage } asOf staleBecause`;
const HEAD = `query Head($projectId: ID!, $first: Int, $filter: PipelineRunFilter) { pipelineRuns(projectId: $projectId, first: $first, filter: $filter) { ${ROWS} } }`;
const PAGE = `query Page($projectId: ID!, $page: PageInput) { pipelineRuns(projectId: $projectId, page: $page) { ${ROWS} } }`;
const NODES = `query Nodes($ids: [ID!]!) { nodes(ids: $ids) { ... on PipelineRun { ${RUN} } } }`;
const ITEMS = `query Items($projectId: ID!) { pipelineRuns(projectId: $projectId, first: 100) { nodes { items { nodes { itemId } } } } }`;

/**
 * A hundred operations in a fixed random order: 40 % read the head of the big project, 25 % heads and numbered pages of twenty small
 * ones, 12 % filtered lists and 10 % pages deep in the big one; 5 % request runs by id; 4 % are invalid, and 4 % cost more than an
 * operation may.
 *
 * @param known ids and creators of runs of the big project, which the operations name
 */
export function createMix(known: readonly { id: string; creator: string }[]): Operation[] {
  const dice = createDice(7);
  const whole = (below: number) => Math.floor(dice() * below);
  const small = () => SMALL[whole(SMALL.length)] ?? BIG;
  const kinds: [count: number, make: (n: number) => Operation][] = [
    [40, () => head('hot list', { projectId: BIG }, 20)],
    [10, (n) => head('other heads', { projectId: SMALL[2 * n] ?? small() }, 10)],
    [15, (n) => page('numbered pages', SMALL[n] ?? BIG, 1 + whole(5))],
    [8, () => head('filters', { projectId: BIG, status: 'FAILED' }, 20)],
    [4, (n) => head('filters', { projectId: BIG, creator: known[n]?.creator ?? '' }, 20)],
    [10, (n) => page('deep pages', BIG, 60 + 5 * n)],
    [5, (n) => nodes(known.slice(5 * n, 5 * n + 5).map(({ id }) => id))],
    [2, () => rejected('bad input', HEAD, { projectId: BIG, first: 1000 }, 'BAD_USER_INPUT')],
    [1, () => rejected('bad input', '{ pipelineRuns(', {}, 'GRAPHQL_PARSE_FAILED')],
    [1, () => rejected('bad input', '{ pipelineRun }', {}, 'GRAPHQL_VALIDATION_FAILED')],
    [4, () => rejected('too expensive', ITEMS, { projectId: BIG }, 'QUERY_TOO_EXPENSIVE')],
  ];
  const operations = kinds.flatMap(([count, make]) => Array.from({ length: count }, (_, n) => make(n)));
  return operations
    .map((operation) => ({ operation, at: dice() }))
    .sort((one, other) => one.at - other.at)
    .map(({ operation }) => operation);
}

export function head(name: string, list: ShownList['list'], first: number): Operation {
  const { projectId, ...filter } = list;
  return {
    name,
    body: bodyOf(HEAD, { projectId, first, filter }),
    expect: { answer: 'list', list, offset: 0, limit: first },
  };
}

export function page(name: string, projectId: string, number: number): Operation {
  const size = 20;
  return {
    name,
    body: bodyOf(PAGE, { projectId, page: { number, size } }),
    expect: { answer: 'list', list: { projectId }, offset: (number - 1) * size, limit: size },
  };
}

function nodes(runIds: readonly string[]): Operation {
  const ids = runIds.map((runId) => `gid://dataworks/PipelineRun/${BIG}/${runId}`);
  return {
    name: 'nodes by id',
    body: bodyOf(NODES, { ids }),
    expect: { answer: 'runs', projectId: BIG, runIds },
  };
}

function rejected(name: string, query: string, variables: object, code: string): Operation {
  return { name, body: bodyOf(query, variables), expect: { answer: 'rejection', code } };
}

function bodyOf(query: string, variables: object): string {
  return JSON.stringify({ query, variables });
}

/** A small generator with a fixed seed, so that every run sends the same requests. */
function createDice(seed: number): () => number {
  let state = seed;
  return () => {
    state = (Math.imul(state, 1_103_515_245) + 12_345) & 0x7fffffff;
    return state / 0x7fffffff;
  };
}
