/*
 * The worst requests that the limits accept, one or more for each limit, and those that come closest to it where they are rejected.
 */

export interface AbusiveRequest {
  /** What is taken to its limit. */
  kind: string;
  name: string;
  /** What a client posts. */
  body: string;
  status: number;
}

const P = 'projectId:"10000"';
const RUN = 'id runId projectId createTime modifyTime creator status rawStatus message description';
const STAGE = 'code step type rawType name description message status rawStatus detail';
const PROJECT = 'id projectId name displayName description owner status rawStatus';

const many = (length: number, make: (index: number) => string) =>
  Array.from({ length }, (_, index) => make(index)).join(' ');
const nested = (rows: number, selection: string) =>
  `{pipelineRuns(${P},first:100){nodes{project{pipelineRuns(first:${rows}){nodes{${selection}}}}}}}`;
const runs = (selection: string) => `{pipelineRuns(${P},first:100){nodes{${selection}}}}`;

function request(
  kind: string,
  name: string,
  query: string,
  { variables = {}, status = 200 }: { variables?: Record<string, unknown>; status?: number } = {},
): AbusiveRequest {
  return { kind, name, body: JSON.stringify({ query, variables }), status };
}

let documents = 0;

/** The same operation as a document that the gateway has not seen before. */
export function unseen({ body }: AbusiveRequest): string {
  const { query, ...rest } = JSON.parse(body) as { query: string };
  return JSON.stringify({ query: `${query}\n#${documents++}`, ...rest });
}

const ENTITIES = 'query($r:[_Any!]!){_entities(representations:$r){__typename}}';
const NODES = 'query($r:[ID!]!){nodes(ids:$r){__typename}}';

export const abusiveRequests: readonly AbusiveRequest[] = [
  request('objects', 'runs of runs', nested(36, RUN)),
  request('objects', 'stages of runs of runs', nested(6, `stages{${STAGE}}`)),
  request(
    'objects',
    'five pages with stages',
    `{${many(5, (i) => `p${i}:pipelineRuns(${P},page:{number:${i + 1},size:100}){edges{cursor node{${RUN} stages{${STAGE}}}}}`)}}`,
  ),
  request('aliases', 'times', nested(9, `${RUN} ${many(15, (i) => `a${i}:createTime`)}`)),
  request('aliases', 'ids', nested(9, `${RUN} ${many(15, (i) => `a${i}:id`)}`)),
  request('aliases', 'projects', runs(many(15, (i) => `a${i}:project{${PROJECT}}`))),
  request('aliases', 'rejected windows', runs(many(7, (i) => `a${i}:items(first:101){totalCount}`))),
  request(
    'aliases',
    'cursors of no list',
    runs(`project{${many(7, (i) => `a${i}:pipelineRuns(first:1,after:"x${i}"){totalCount}`)}}`),
  ),
  request(
    'depth',
    'nested to the limit',
    runs(`project{pipelineRuns(first:3){nodes{project{pipelineRuns(first:2){nodes{runId}}}}}}`),
  ),
  request(
    'selections',
    'the same leaves',
    nested(
      36,
      many(95, () => RUN),
    ),
  ),
  request('selections', 'the same objects', `{pipelineRuns(${P},first:1){${many(300, () => 'nodes{id}')}}}`),
  request('tokens', 'too many conflicts to compare', runs(many(450, () => 'project{id}')), { status: 400 }),
  request('tokens', 'spreads', `${runs(many(480, () => '...F'))} fragment F on PipelineRun{runId}`),
  request(
    'tokens',
    'fragments in a chain',
    `${runs('...F0')} ${many(180, (i) => `fragment F${i} on PipelineRun{...F${i + 1} runId}`)} fragment F180 on PipelineRun{runId}`,
  ),
  request('ids', 'rejected ids', NODES, {
    variables: { r: Array.from({ length: 100 }, () => 'x'.repeat(900)) },
  }),
  request('ids', 'too many ids', NODES, { variables: { r: Array.from({ length: 3900 }, () => 'x') } }),
  request('representations', 'rejected representations', ENTITIES, {
    variables: { r: Array.from({ length: 500 }, () => 1) },
  }),
  request('representations', 'too many representations', ENTITIES, {
    variables: { r: Array.from({ length: 3900 }, () => 1) },
  }),
  request(
    'representations',
    'projects',
    `query($r:[_Any!]!){_entities(representations:$r){...on Project{${PROJECT} pipelineRuns(first:1){totalCount}}}}`,
    {
      variables: { r: Array.from({ length: 500 }, () => ({ __typename: 'Project', projectId: '10000' })) },
    },
  ),
  request(
    'variables',
    'unknown fields',
    `query($f:PipelineRunFilter){pipelineRuns(${P},filter:$f){totalCount}}`,
    {
      variables: { f: Object.fromEntries(Array.from({ length: 9000 }, (_, n) => [`s${n}`, 1])) },
      status: 400,
    },
  ),
  request('variables', 'elements of the wrong type', NODES, {
    variables: { r: Array.from({ length: 3900 }, () => ({})) },
    status: 400,
  }),
  request('body', 'a comment', `#${'#'.repeat(95_000)}\n{__typename}`),
  request('body', 'unused variables', '{__typename}', {
    variables: { x: Array.from({ length: 45_000 }, () => 1) },
  }),
  request('bytes', 'details', nested(3, `stages{${many(5, (i) => `d${i}:detail`)}}`)),
  request(
    'introspection',
    'aliases of types',
    `{__schema{types{name fields{name args{name type{name ofType{name}}} ${many(9, (i) => `a${i}:type{name kind ofType{name kind}}`)}}}}}`,
  ),
];

/** Subscriptions to one list, which all have their first event at once. */
export const abusiveSubscriptions = [
  {
    name: '20 of many objects',
    count: 20,
    query: subscription(many(4, (i) => `u${i}:updates{kind run{${RUN} stages{code status}}}`)),
  },
  {
    name: '100 of a head with stages',
    count: 100,
    query: subscription(`updates{kind run{${RUN} stages{code status}}}`),
  },
  {
    name: '100 of a head with its project',
    count: 100,
    query: subscription(`updates{kind run{project{${PROJECT}}}}`),
  },
] as const;

function subscription(selection: string): string {
  return `subscription{pipelineRunsUpdated(${P}){${selection}}}`;
}
