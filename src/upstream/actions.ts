/** The upstream as a table: each action's wire form, DataWorks OpenAPI 2024-05-18. */

import type { PipelineRunFilter } from '../core/domain.ts';
import { type Action, type Actions, MAX_PROJECTS_PER_CALL } from '../core/upstream.ts';
import { upstreamError } from './classify.ts';
import { decodeItem, decodeOnlyPage, decodePage, decodeProject, decodeRun } from './decode.ts';
import type { UndecodableCounts } from './fields.ts';
import { type JsonObject, objectOf } from './json.ts';

/** Parameters by the upstream's names; those that are undefined are not sent. */
export type WireParams = Record<string, string | number | undefined>;

export interface ActionSpec<A extends Action> {
  /** A GET carries its parameters in the query, a POST as a form. */
  method: 'GET' | 'POST';
  /** @throws UpstreamError of kind rejected for parameters that cannot be sent. */
  encode(params: Actions[A]['params']): WireParams;
  /**
   * @param counts where it is counted what of the body cannot be used
   * @throws DecodeError for a body that is not what the protocol says
   */
  decode(body: JsonObject, params: Actions[A]['params'], counts: UndecodableCounts): Actions[A]['result'];
  /** The action's name before SDK 7.0.0 (2025-05-09), for regions that do not serve the new one. */
  alias?: { name: string; cannotServe?(params: Actions[A]['params']): string | null };
  /** The result where the upstream says that there is no such object, if that is an answer and not an error. */
  notFound?: { value: Actions[A]['result'] };
}

export const actions: { readonly [A in Action]: ActionSpec<A> } = {
  ListPipelineRuns: {
    method: 'GET',
    encode: ({ projectId, filter, pageNumber, pageSize }) => ({
      ProjectId: projectId,
      Status: filter.status && wireStatuses[filter.status],
      Creator: filter.creator,
      ObjectId: filter.objectId,
      PageNumber: pageNumber,
      PageSize: pageSize,
    }),
    decode: (body, params, counts) =>
      decodePage(body, params, counts, ['PipelineRuns', 'Deployments'], decodeRun),
    alias: {
      name: 'ListDeployments',
      // It would ignore the filter and list every run.
      cannotServe: ({ filter }) =>
        filter.objectId === undefined ? null : 'this region cannot filter runs by object',
    },
  },
  GetPipelineRun: {
    method: 'GET',
    encode: ({ projectId, runId }) => ({ ProjectId: projectId, Id: runId }),
    // DataWorks may look runs up by id alone, which can find a run of another project.
    decode: ({ Pipeline }, params, counts) =>
      Pipeline === null ? null : decodeRun(objectOf(Pipeline, 'Pipeline'), counts, null, params),
    alias: { name: 'GetDeployment' },
    notFound: { value: null },
  },
  ListPipelineRunItems: {
    method: 'GET',
    encode: ({ projectId, runId, pageNumber, pageSize }) => ({
      ProjectId: projectId,
      PipelineRunId: runId,
      PageNumber: pageNumber,
      PageSize: pageSize,
    }),
    decode: (body, params, counts) => decodePage(body, params, counts, ['PipelineRunItems'], decodeItem),
  },
  ListProjects: {
    method: 'POST',
    encode: ({ projectIds }) => ({
      Ids: idArray(projectIds),
      PageNumber: onlyPage.pageNumber,
      PageSize: onlyPage.pageSize,
    }),
    decode: (body, _, counts) => decodeOnlyPage(body, onlyPage, counts, ['Projects'], decodeProject),
  },
};

const onlyPage = { pageNumber: 1, pageSize: MAX_PROJECTS_PER_CALL };

/** The filter's vocabulary, which differs from the one documented for answers. */
const wireStatuses: Record<NonNullable<PipelineRunFilter['status']>, string> = {
  INIT: 'Init',
  RUNNING: 'Running',
  SUCCEEDED: 'Success',
  FAILED: 'Fail',
  TERMINATED: 'Termination',
  CANCELED: 'Cancel',
};

/** JSON text of an array of numbers, put together as text since a 19-digit id does not survive being a number. */
function idArray(ids: readonly string[]): string {
  const invalid = (detail: string) => upstreamError({ kind: 'rejected', action: 'ListProjects', detail });
  if (ids.length > MAX_PROJECTS_PER_CALL)
    throw invalid(`at most ${MAX_PROJECTS_PER_CALL} projects can be requested at once`);
  if (!ids.every((id) => WIRE_ID.test(id))) throw invalid('a project id is a number of at most 19 digits');
  return `[${ids.join(',')}]`;
}

const WIRE_ID = /^[1-9]\d{0,18}$/;
