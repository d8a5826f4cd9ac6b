/** The read actions of DataWorks OpenAPI 2024-05-18, and the names that they had before SDK 7.0.0 (2025-05-09). */
import type { RunRow } from './runTable.ts';
import { itemAnswers } from './items.ts';
import type { Paging, Parameters } from './parameters.ts';
import { optional, optionalStatus, optionalTextArray, paging, required, requiredLong } from './parameters.ts';
import type { ProjectSpec } from './projects.ts';
import { projectAnswer, projectName } from './projects.ts';
import { deploymentAnswer, runAnswer } from './runs.ts';
import type { RunFilter, Account } from './account.ts';
import type { WireObject, WireValue } from './wire.ts';
import { ApiError } from './wire.ts';

export interface ActionOptions {
  /** `old`: a region that knows only the Deployment names. `new`: one that has dropped them. */
  actionNames: 'all' | 'old' | 'new';
  /** The response of GetPipelineRun for an unknown run: a 404, or a 200 with `"Pipeline": null`. */
  unknownRun: 'error' | 'null';
}

/** How a fault changes lists. */
export interface ListView {
  order: 'newestFirst' | 'oldestFirst' | 'byId';
  /** The most rows of a page, whatever was requested. */
  maxPageSize: number;
  /** Whether a response states the capped size; otherwise it states the requested size. */
  statesCap: boolean;
  /** How many more rows a list claims than it has. */
  extraTotal: number;
  /** Whether the page holds no rows, wherever it is. */
  isEmpty: boolean;
}

interface Request {
  params: Parameters;
  account: Account;
  view: ListView;
  options: ActionOptions;
}

interface ActionSpec {
  /** GET takes its parameters from the query, POST from a form in the body. */
  method: 'GET' | 'POST';
  /** Which side of the renaming the name is on; absent for names that never changed. */
  age?: 'old' | 'new';
  /** The body without its RequestId. */
  answer(request: Request): WireObject;
}

const actions = new Map<string, ActionSpec>([
  ['ListPipelineRuns', { method: 'GET', age: 'new', answer: listPipelineRuns }],
  ['ListDeployments', { method: 'GET', age: 'old', answer: listDeployments }],
  ['GetPipelineRun', { method: 'GET', age: 'new', answer: (request) => getRun(request, runAnswer) }],
  ['GetDeployment', { method: 'GET', age: 'old', answer: (request) => getRun(request, deploymentAnswer) }],
  ['ListPipelineRunItems', { method: 'GET', age: 'new', answer: listPipelineRunItems }],
  ['ListProjects', { method: 'POST', answer: listProjects }],
  ['GetProject', { method: 'GET', answer: getProject }],
]);

/** Finds the action by name and method, or throws `InvalidAction.NotFound`. */
export function findAction(
  name: string,
  method: string,
  options: ActionOptions,
): (params: Parameters, account: Account, view: ListView) => WireObject {
  const spec = actions.get(name);
  const isKnown = !spec?.age || options.actionNames === 'all' || options.actionNames === spec.age;
  if (!spec || !isKnown || spec.method !== method) {
    throw new ApiError(
      404,
      'InvalidAction.NotFound',
      'Specified api is not found, please check your url and method.',
    );
  }
  return (params, account, view) => spec.answer({ params, account, view, options });
}

function listPipelineRuns(request: Request): WireObject {
  const { rows, page, totalCount } = runPage(request, optional(request.params, 'ObjectId'));
  const now = request.account.now();
  return {
    PagingInfo: {
      ...pagingInfo(request, page, totalCount),
      PipelineRuns: rows.map((row) => runAnswer(row, now)),
    },
  };
}

/** Knows no ObjectId, and like any action ignores a parameter that it does not know. */
function listDeployments(request: Request): WireObject {
  const { rows, page, totalCount } = runPage(request, undefined);
  const now = request.account.now();
  return {
    PagingInfo: {
      ...mapToText(pagingInfo(request, page, totalCount)),
      Deployments: rows.map((row) => deploymentAnswer(row, now)),
    },
  };
}

function getRun(request: Request, form: (row: RunRow, now: number) => WireObject): WireObject {
  const row = findRun(request, 'Id');
  return { Pipeline: row && form(row, request.account.now()) };
}

function listPipelineRunItems(request: Request): WireObject {
  const page = pageOf(request);
  const row = findRun(request, 'PipelineRunId');
  const items = row ? itemAnswers(row, request.account.now()) : [];
  return {
    PagingInfo: { ...pagingInfo(request, page, items.length), PipelineRunItems: cut(request, items, page) },
  };
}

function listProjects(request: Request): WireObject {
  const { params, account } = request;
  const page = pageOf(request);
  const ids = optionalTextArray(params, 'Ids');
  const names = optionalTextArray(params, 'Names');
  const status = optional(params, 'Status');
  const projects = account.projects.filter(
    (project) =>
      !project.isForbidden &&
      (!ids || ids.includes(project.id)) &&
      (!names || names.includes(projectName(project))) &&
      (!status || status === (project.status ?? 'Available')),
  );
  const rows: WireValue[] = cut(request, projects, page).map(projectAnswer);
  return { PagingInfo: { ...pagingInfo(request, page, projects.length), Projects: rows } };
}

function getProject({ params, account }: Request): WireObject {
  return { Project: projectAnswer(findProject(account, requiredLong(params, 'Id'))) };
}

function runPage(
  request: Request,
  objectId: string | undefined,
): { rows: RunRow[]; page: Paging; totalCount: number } {
  const { params, account, view } = request;
  const project = findProject(account, requiredLong(params, 'ProjectId'));
  const page = pageOf(request);
  const status = optionalStatus(params);
  const creator = optional(params, 'Creator');
  const filter: RunFilter = {
    ...(status !== undefined && { status }),
    ...(creator !== undefined && { creator }),
    ...(objectId !== undefined && { objectId }),
  };
  const { row } = account.runsOf(project.id);
  const serials = account.serials(project.id, filter);
  if (view.order === 'oldestFirst') serials.reverse();
  if (view.order === 'byId') serials.sort((a, b) => (row(a).id < row(b).id ? -1 : 1));
  return { rows: cut(request, serials, page).map(row), page, totalCount: serials.length };
}

function findProject(account: Account, projectId: string): ProjectSpec {
  const project = account.project(projectId);
  if (!project) {
    throw new ApiError(400, 'Invalid.Tenant.ProjectNotExists', 'The project does not exist.');
  }
  if (project.isForbidden) {
    throw new ApiError(403, 'ResourceNotAuthorized.Api', 'You are not authorized to call this operation.', {
      AccessDeniedDetail: {
        AuthAction: 'dataworks:*',
        AuthPrincipalDisplayName: '203755000425304173',
        AuthPrincipalType: 'SubUser',
        NoPermissionType: 'ImplicitDeny',
        PolicyType: 'AccountLevelIdentityBasedPolicy',
      },
    });
  }
  return project;
}

function findRun({ params, account, options }: Request, idName: string): RunRow | null {
  const project = findProject(account, requiredLong(params, 'ProjectId'));
  const row = account.runsOf(project.id).find(required(params, idName));
  if (!row && options.unknownRun === 'error') {
    throw new ApiError(404, 'InvalidPipelineRun.NotFound', 'The specified pipeline run does not exist.');
  }
  return row;
}

function pageOf({ params, view }: Request): Paging {
  const { number, size } = paging(params);
  return { number, size: Math.min(size, view.maxPageSize) };
}

function pagingInfo({ params, view }: Request, page: Paging, totalCount: number): Record<string, number> {
  return {
    PageNumber: page.number,
    PageSize: view.statesCap ? page.size : paging(params).size,
    TotalCount: totalCount + view.extraTotal,
  };
}

function mapToText(numbers: Record<string, number>): WireObject {
  return Object.fromEntries(Object.entries(numbers).map(([name, value]) => [name, String(value)]));
}

function cut<Row>({ view }: Request, rows: readonly Row[], page: Paging): Row[] {
  return view.isEmpty ? [] : rows.slice((page.number - 1) * page.size, page.number * page.size);
}
