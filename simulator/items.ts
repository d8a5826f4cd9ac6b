/** The objects of a project, and the items that a run publishes. */
import type { RunRow } from './runTable.ts';
import { between, digits, oneIn, pick, roll } from './random.ts';
import { blankOr, messageOf, spellingOf, statusOf } from './runs.ts';
import type { Status } from './vocabulary.ts';
import { spell } from './vocabulary.ts';
import type { WireObject } from './wire.ts';
import { toWireText, unquoted } from './wire.ts';

const OBJECTS_PER_PROJECT = 60;
const types = ['Node', 'Node', 'WorkflowDefinition', 'Resource', 'Function'] as const;
const commands = ['ODPS_SQL', 'DIDE_SHELL', 'PYODPS3'] as const;

/** The ids of the objects that the run publishes, 19 digits each. */
export function objectIdsOf(run: RunRow): string[] {
  return objectIndexes(run).map((index) => objectId(run.projectId, index));
}

export function itemAnswers(run: RunRow, now: number): WireObject[] {
  return objectIndexes(run).map((index) => itemAnswer(run, index, now));
}

function itemAnswer(run: RunRow, index: number, now: number): WireObject {
  const id = objectId(run.projectId, index);
  const seed = roll(run.seed, index);
  const status = itemStatus(statusOf(run, now));
  return {
    // SDKs before 8.0.0 type it as a long, later ones as a string; which of the two is sent is not documented.
    Id: index % 2 === 0 ? id : unquoted(id),
    Name: `dwd_object_${index}\n`,
    Type: pick(Number(run.projectId) + index, 'type', types),
    Status: spell(status, spellingOf(run)),
    Message: messageOf(seed, 'message', status),
    Version: oneIn(seed, 'no version', 8) ? undefined : between(seed, 'version', 1, 40),
    CreateTime: run.createTime,
    ModifyTime: run.createTime,
    Spec: blankOr(seed, 'spec', specOf(id, index)),
  };
}

/** Cancel is not among the documented statuses of an item. */
function itemStatus(status: Status): Status {
  return status === 'Cancel' ? 'Termination' : status;
}

/** A short FlowSpec document as text, with its id without quotes. */
function specOf(id: string, index: number): string {
  const name = `dwd_object_${index}`;
  const runtime = { command: pick(index, 'command', commands) };
  const node = { id: unquoted(id), name, script: { path: `etl/${name}`, runtime } };
  return toWireText({ version: '1.1.0', kind: 'CycleWorkflow', spec: { nodes: [node] } });
}

function objectIndexes(run: RunRow): number[] {
  const first = roll(run.seed, 'first item');
  return Array.from(
    { length: between(run.seed, 'items', 1, 4) },
    (_, index) => (first + index * 7) % OBJECTS_PER_PROJECT,
  );
}

function objectId(projectId: string, index: number): string {
  return `8604388${digits(Number(projectId), `object ${index}`, 12)}`;
}
