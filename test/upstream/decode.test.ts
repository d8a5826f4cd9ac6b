import { readFileSync } from 'node:fs';
import { beforeEach, describe, expect, test } from '@jest/globals';
import type { JsonValue } from '../../src/core/domain.ts';
import { documentOf, valueOf } from '../../src/core/jsonDocument.ts';
import { decodeItem, decodePage, decodeProject, decodeRun } from '../../src/upstream/decode.ts';
import { decodeEmbedded, DecodeError, type JsonObject, parseLossless } from '../../src/upstream/json.ts';

const sample = parseLossless(
  readFileSync(new URL('../fixtures/listPipelineRuns.json', import.meta.url), 'utf8'),
) as JsonObject;

const projectId = '70199';
const asked = { pageNumber: 1, pageSize: 10 };
const none = { field: 0, row: 0, foreignProject: 0 };
let counts = { ...none };
beforeEach(() => {
  counts = { ...none };
});
const decodeRuns = (body: JsonObject, page = asked) =>
  decodePage(body, { projectId, ...page }, counts, ['PipelineRuns', 'Deployments'], decodeRun);
const bodyOf = (paging: JsonObject): JsonObject => ({ RequestId: 'R', PagingInfo: paging });
const run = (fields: JsonObject = {}) => decodeRun({ Id: 'run-1', ...fields }, counts, null, { projectId })!;
const stage = (fields: JsonObject) => run({ Stages: [fields] }).stages[0]!;

test("the reference's own sample becomes one page of one run", () => {
  expect(decodeRuns(sample)).toEqual({
    totalCount: 2524,
    pageNumber: 1,
    pageSize: 10,
    rows: [
      {
        runId: '097c73fe-ed6e-4fb1-b109-a5d59e46cd58',
        projectId: '70199',
        createTime: 1702736654000,
        modifyTime: 1702736654000,
        creator: '110755000425XXXX',
        status: 'RUNNING',
        rawStatus: 'Running',
        message: 'Error message',
        description: 'Description of the pipeline run',
        stages: [
          {
            code: 'DEV_CHECK',
            step: 1,
            type: 'CHECK',
            rawType: 'Check',
            name: 'Check before going online to development',
            description: 'Check before going online to development',
            message: 'Error message',
            status: 'RUNNING',
            rawStatus: 'Running',
            detail: documentOf({
              key: {
                checkerList: [
                  { code: 'BuildPackageChecker', name: 'package check' },
                  { code: 'NodeParentDependency', name: 'downstream dependency check' },
                  { code: 'NodeInProcess', name: 'offline process check' },
                ],
              },
            }),
          },
        ],
      },
    ],
  });
});

describe('a page', () => {
  test('is read from the older list key, with its numbers as text', () => {
    const body = bodyOf({
      TotalCount: '2524',
      PageSize: '10',
      PageNumber: '1',
      Deployments: [{ Id: 'run-1' }],
    });
    expect(decodeRuns(body)).toMatchObject({ totalCount: 2524, rows: [{ runId: 'run-1' }] });
  });

  test('is assumed to be the requested one if it does not state its number', () => {
    expect(decodeRuns(bodyOf({ TotalCount: 1, PipelineRuns: [{ Id: 'run-1' }] }))).toMatchObject(asked);
  });

  test('has the size that it states, if that is smaller than the requested one', () => {
    expect(decodeRuns(bodyOf({ TotalCount: 9, PageSize: '5', PipelineRuns: [{ Id: 'x' }] }))).toMatchObject({
      pageSize: 5,
      totalCount: 9,
    });
  });

  test('may omit its list if it has no rows', () => {
    expect(decodeRuns(bodyOf({ TotalCount: 0 })).rows).toEqual([]);
    expect(
      decodeRuns(bodyOf({ TotalCount: 10, PipelineRuns: null }), { pageNumber: 2, pageSize: 10 }).rows,
    ).toEqual([]);
  });

  test.each<[string, JsonObject]>([
    ['without PagingInfo', { RequestId: 'R' }],
    ['with PagingInfo that is no object', { PagingInfo: [] }],
    ['without a total', bodyOf({ PipelineRuns: [] })],
    ['with a total that is no number', bodyOf({ TotalCount: 'many', PipelineRuns: [] })],
    ['with a negative total', bodyOf({ TotalCount: -1, PipelineRuns: [] })],
    ['without its list though rows are due', bodyOf({ TotalCount: 1 })],
    ['with a list that is no array', bodyOf({ TotalCount: 0, PipelineRuns: {} })],
    ['with more rows than asked for', bodyOf({ TotalCount: 11, PipelineRuns: Array(11).fill({ Id: 'x' }) })],
    ['of a larger size than asked for', bodyOf({ TotalCount: 1, PageSize: 11, PipelineRuns: [{ Id: 'x' }] })],
    ['of no size', bodyOf({ TotalCount: 0, PageSize: 0, PipelineRuns: [] })],
    [
      'with more rows than its size',
      bodyOf({ TotalCount: 2, PageSize: 1, PipelineRuns: [{ Id: 'x' }, { Id: 'y' }] }),
    ],
    [
      'of another number than asked for',
      bodyOf({ TotalCount: 1, PageNumber: 2, PipelineRuns: [{ Id: 'x' }] }),
    ],
  ])('%s is rejected', (_what, body) => {
    expect(() => decodeRuns(body)).toThrow(DecodeError);
  });
});

describe('a run', () => {
  test('with only an Id has null texts, no stages and the requested project', () => {
    expect(run({ ProjectId: null, Stages: null, Message: '', Description: ' \n', Creator: null })).toEqual({
      runId: 'run-1',
      projectId: '70199',
      createTime: null,
      modifyTime: null,
      creator: null,
      status: 'UNKNOWN',
      rawStatus: '',
      message: null,
      description: null,
      stages: [],
    });
  });

  test.each([
    ['Init', 'INIT'],
    ['RUNNING', 'RUNNING'],
    ['Success', 'SUCCEEDED'],
    ['Succeeded', 'SUCCEEDED'],
    ['FAIL', 'FAILED'],
    ['failed', 'FAILED'],
    ['Termination', 'TERMINATED'],
    ['Terminated', 'TERMINATED'],
    ['Cancel', 'CANCELED'],
    ['Canceled', 'CANCELED'],
    ['Paused', 'UNKNOWN'],
    ['constructor', 'UNKNOWN'],
  ])('of status %s is %s and keeps the spelling', (raw, status) => {
    expect(run({ Status: `${raw}\n` })).toMatchObject({ status, rawStatus: raw });
  });

  test('accepts ids that are numbers and times that are text', () => {
    const fields = {
      ProjectId: 70199,
      Creator: '1107550004250000',
      CreateTime: '1702736654000',
      ModifyTime: 1e16,
    };
    expect(run(fields)).toMatchObject({
      projectId: '70199',
      creator: '1107550004250000',
      createTime: 1702736654000,
      modifyTime: null,
    });
  });

  test('sorts its stages by step', () => {
    const stages = [
      { Code: 'PROD', Step: 3 },
      { Code: 'BUILD', Step: '1' },
      null,
      { Code: 'PROD_CHECK', Step: 2 },
    ];
    expect(run({ Stages: stages }).stages.map(({ code }) => code)).toEqual(['BUILD', 'PROD_CHECK', 'PROD']);
  });

  test('numbers the stages that have no step', () => {
    expect(run({ Stages: [{ Code: 'A' }, { Code: 'B' }] }).stages.map(({ step }) => step)).toEqual([1, 2]);
  });

  test.each<[JsonValue, JsonValue]>([
    [null, null],
    ['', null],
    [{}, {}],
    [{ key: '' }, { key: '' }],
    ['plain words', 'plain words'],
    ['{"id":8604388726201134567}', { id: '8604388726201134567' }],
    [
      { list: '[1, 2]', text: '[INFO] 1' },
      { list: [1, 2], text: '[INFO] 1' },
    ],
    [{ outer: '{"inner":"{\\"id\\":1}"}' }, { outer: { inner: { id: 1 } } }],
  ])('has the detail %j of a stage as %j', (sent, detail) => {
    const stored = stage({ Code: 'A', Detail: sent }).detail;
    expect(stored && valueOf(stored)).toEqual(detail);
  });
});

describe('JSON in text', () => {
  test('is unwrapped five times and no more', () => {
    let text = '[]';
    for (let wrapping = 0; wrapping < 5; wrapping += 1) text = JSON.stringify([text]);
    expect(decodeEmbedded(text)).toEqual([[[[['[]']]]]]);
  });

  test('that is nested too deeply stays text, and a value that is nested too deeply is rejected', () => {
    const deep = '['.repeat(50_000) + ']'.repeat(50_000);
    expect(decodeEmbedded({ deep })).toEqual({ deep });
    expect(() => decodeEmbedded(JSON.parse(deep) as JsonValue)).toThrow(DecodeError);
  });

  test('cannot set a prototype', () => {
    const value = decodeEmbedded('{"__proto__":{"polluted":true}}') as JsonObject;
    expect(Object.keys(value)).toEqual(['__proto__']);
    expect(Object.getPrototypeOf(value)).toBe(Object.prototype);
  });
});

test('an item keeps its 19 digits, quoted or not, and its FlowSpec is decoded', () => {
  const item = parseLossless(
    '{"Id":8604388726201134567,"Type":"WorkflowDefinition","Version":2,"Spec":"{\\"a\\":1}"}',
  );
  expect(decodeItem(item as JsonObject, counts, 1)).toEqual({
    itemId: '8604388726201134567',
    name: null,
    type: 'WORKFLOW_DEFINITION',
    rawType: 'WorkflowDefinition',
    status: 'UNKNOWN',
    rawStatus: '',
    message: null,
    version: '2',
    createTime: null,
    modifyTime: null,
    spec: documentOf({ a: 1 }),
  });
});

test('a project has its number as text and its status by our name', () => {
  expect(
    decodeProject({ Id: 10000, DisplayName: 'Sales\n', Owner: 110755, Status: 'InitFailed' }, counts, 1),
  ).toEqual({
    projectId: '10000',
    name: null,
    displayName: 'Sales',
    description: null,
    owner: '110755',
    status: 'INIT_FAILED',
    rawStatus: 'InitFailed',
  });
});
