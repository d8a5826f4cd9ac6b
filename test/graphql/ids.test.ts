import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { decodeCursor, encodeCursor } from '../../src/loaders/cursor.ts';
import { runKeyOf } from '../../src/graphql/arguments.ts';
import { globalIdOf, parseGlobalId } from '../../src/graphql/globalId.ts';
import { parseRepresentation } from '../../src/graphql/globalId.ts';
import { decodeRun } from '../../src/upstream/decode.ts';
import { DecodeError } from '../../src/upstream/json.ts';
import { startTestGateway } from '../support/gateway.ts';

const anyText = fc.oneof(
  fc.string({ unit: 'grapheme', minLength: 1, maxLength: 140 }),
  fc.string({ unit: 'binary', minLength: 1, maxLength: 20 }),
  fc.string({ unit: fc.constantFrom(':', '/', ' ', '%', '2', 'F', 'a', '?', '#', '+'), minLength: 1 }),
);

test('every run id that the gateway returns is accepted everywhere', () => {
  let given = 0;
  fc.assert(
    fc.property(anyText, (sent) => {
      let runId: string;
      try {
        ({ runId } = decodeRun({ Id: sent }, { field: 0, row: 0, foreignProject: 0 }, null, {
          projectId: '1',
        })!);
      } catch (error) {
        expect(error).toBeInstanceOf(DecodeError);
        return;
      }
      given += 1;
      const id = { type: 'PipelineRun', projectId: '1', runId } as const;
      expect(runKeyOf({ projectId: '1', runId })).toEqual({ projectId: '1', runId });
      expect(parseGlobalId(globalIdOf(id))).toEqual(id);
      expect(parseRepresentation({ __typename: 'PipelineRun', id: globalIdOf(id) })).toEqual(id);
      expect(parseRepresentation({ __typename: 'PipelineRun', projectId: '1', runId })).toEqual(id);
      const anchor = { id: runId, time: 1, offset: 2 };
      expect(decodeCursor('list', encodeCursor('list', anchor))).toEqual(anchor);
    }),
    { numRuns: 2000, seed: 17 },
  );
  expect(given).toBeGreaterThan(1000);
});

test('a global id is accepted in its canonical form only', () => {
  let accepted = 0;
  fc.assert(
    fc.property(
      fc.string({ unit: fc.constantFrom('%', '2', 'F', 'f', '/', ':', 'a', '.', ' '), maxLength: 8 }),
      (tail) => {
        const text = `gid://dataworks/PipelineRun/1/${tail}`;
        try {
          const id = parseGlobalId(text);
          accepted += 1;
          expect(globalIdOf(id)).toBe(text);
        } catch (error) {
          expect(error).toMatchObject({ extensions: { code: 'BAD_USER_INPUT' } });
        }
      },
    ),
    { numRuns: 2000, seed: 17 },
  );
  expect(accepted).toBeGreaterThan(100);
});

describe('a run id of DataWorks with `:`, `/`, `%` and a space in it', () => {
  test('identifies its run in node, pipelineRun, _entities, cursors and items', async () => {
    await using gateway = await startTestGateway({
      settings: { CACHE_FRESH_MS: '0', CACHE_STALE_MS: '0' },
      simulator: { projects: [{ id: '7', runCount: 3, runIdSuffix: ':a/b c%2F+é' }] },
    });
    const [first, second] = gateway.simulator.runs('7');
    const { data } = await gateway.query(
      '{ pipelineRuns(projectId: 7, first: 1) { nodes { id runId creator } pageInfo { endCursor } } }',
    );
    const [run] = data.pipelineRuns.nodes;
    expect(run.runId).toBe(first!.id);
    expect(run.id).toMatch(/^gid:\/\/dataworks\/PipelineRun\/7\/[^/ :]+$/);
    const answer = await gateway.query(
      `query ($id: ID!, $runId: ID!, $after: String, $representations: [_Any!]!) {
        node(id: $id) { id ... on PipelineRun { runId items { totalCount } } }
        pipelineRun(projectId: 7, runId: $runId) { runId }
        pipelineRuns(projectId: 7, first: 1, after: $after) { nodes { runId } }
        _entities(representations: $representations) { ... on PipelineRun { runId } }
      }`,
      {
        id: run.id,
        runId: run.runId,
        after: data.pipelineRuns.pageInfo.endCursor,
        representations: [
          { __typename: 'PipelineRun', id: run.id },
          { __typename: 'PipelineRun', projectId: '7', runId: run.runId },
        ],
      },
    );
    expect(answer.errors).toBeUndefined();
    expect(answer.data).toEqual({
      node: { id: run.id, runId: run.runId, items: { totalCount: first!.objectIds.length } },
      pipelineRun: { runId: run.runId },
      pipelineRuns: { nodes: [{ runId: second!.id }] },
      _entities: [{ runId: run.runId }, { runId: run.runId }],
    });
  });
});
