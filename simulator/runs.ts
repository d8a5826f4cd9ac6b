/** A run as the list and get actions return it. */
import type { RunRow } from './runTable.ts';
import type { StagePlan } from './lifecycle.ts';
import { lifePlan, lifeState } from './lifecycle.ts';
import { digits, oneIn, pick } from './random.ts';
import type { Spelling, Status } from './vocabulary.ts';
import { spell } from './vocabulary.ts';
import type { WireObject, WireValue } from './wire.ts';
import { unquoted } from './wire.ts';

/** Account uids of 16 to 18 digits: some fit a double, some don't. */
const creators = [
  '1107550004253538',
  '1107550004259012',
  '20375500042530417',
  '29755000425381265',
  '203755000425304173',
  '297550004253812651',
] as const;

const spellings = [
  ...(['response', 'response', 'response', 'response', 'response', 'response', 'response'] as const),
  ...(['request', 'RESPONSE', 'REQUEST'] as const),
] as const;

/** JSON as text, as in the reference document's sample, with a place for an id that is written without quotes. */
const CHECK_REPORT = JSON.stringify(
  {
    checkerList: [
      { code: 'BuildPackageChecker', name: 'package check' },
      { code: 'NodeParentDependency', name: 'downstream dependency check' },
      { code: 'NodeInProcess', name: 'offline process check' },
    ],
    packageId: 'ID',
  },
  null,
  2,
);

export function creatorOf(run: RunRow): string {
  return pick(run.seed, 'creator', creators);
}

export function statusOf(run: RunRow, now: number): Status {
  return lifeState(lifePlan(run.seed), now - run.createTime).status;
}

export function spellingOf(run: RunRow): Spelling {
  return pick<Spelling>(run.seed, 'spelling', spellings);
}

export function runAnswer(run: RunRow, now: number, spelling = spellingOf(run)): WireObject {
  const plan = lifePlan(run.seed);
  const life = lifeState(plan, now - run.createTime);
  return {
    Id: run.id,
    ProjectId: Number(run.projectId),
    CreateTime: run.createTime,
    ModifyTime: run.createTime + life.changedMs,
    Creator: creatorOf(run),
    Status: spell(life.status, spelling),
    Message: messageOf(run.seed, 'message', life.status),
    Stages: plan.stages.map((stage, index) =>
      stageAnswer(run, stage, index + 1, life.stages[index] ?? 'Init', spelling),
    ),
    Description: blankOr(
      run.seed,
      'description',
      `Release ${run.id.slice(0, 8)} of workspace ${run.projectId}\n`,
    ),
  };
}

/**
 * The same run as ListDeployments and GetDeployment return it: words in capitals, the project's id as text, and no
 * description, which SDK 8.0.1 added to the new actions only.
 */
export function deploymentAnswer(run: RunRow, now: number): WireObject {
  const answer = runAnswer(run, now, 'REQUEST');
  return {
    ...answer,
    ProjectId: run.projectId,
    Stages: (answer['Stages'] as WireObject[]).map((stage) => ({
      ...stage,
      Type: (stage['Type'] as string).toUpperCase(),
    })),
    Description: undefined,
  };
}

/** A message if there is one; otherwise one of the three representations of none. */
export function messageOf(seed: number, facet: string, status: Status): WireValue | undefined {
  if (status === 'Fail') return 'Error message\n';
  return pick(seed, facet, [undefined, null, '']);
}

/** Usually `text`. Every response field is optional, so sometimes it is missing, null or empty. */
export function blankOr(seed: number, facet: string, text: string): WireValue | undefined {
  return oneIn(seed, `no ${facet}`, 5) ? pick(seed, facet, [undefined, null, '']) : text;
}

function stageAnswer(
  run: RunRow,
  stage: StagePlan,
  step: number,
  status: Status,
  spelling: Spelling,
): WireObject {
  return {
    Code: stage.code,
    Step: step,
    Type: stage.type,
    Name: `${stage.title}\n`,
    Description: blankOr(run.seed, `stage ${step} description`, `${stage.title}\n`),
    Message: messageOf(run.seed, `stage ${step} message`, status),
    Status: spell(status, spelling),
    Detail: detailOf(run.seed, stage, step),
  };
}

/**
 * The published sample is a map whose value is JSON in a text. Checks return that, builds a plain map, both with
 * an id of 19 digits without quotes. All other stages have one of the representations of no value.
 */
function detailOf(seed: number, stage: StagePlan, step: number): WireValue | undefined {
  const id = `8604388${digits(seed, `detail ${step}`, 12)}`;
  switch (stage.type) {
    case 'Check':
      return { key: CHECK_REPORT.replace('"ID"', id) };
    case 'Build':
      return { packageId: unquoted(id), objectCount: 1 + (step % 3) };
    case 'Deploy':
    case 'Offline':
      return pick<WireValue | undefined>(seed, `detail ${step}`, [undefined, null, {}, { key: '' }]);
  }
}
