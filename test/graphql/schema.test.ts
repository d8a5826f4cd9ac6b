import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, describe, expect, test } from '@jest/globals';
import { composeServices } from '@apollo/composition';
import {
  buildASTSchema,
  type GraphQLNamedType,
  graphqlSync,
  isEnumType,
  isInputObjectType,
  isInterfaceType,
  isObjectType,
  lexicographicSortSchema,
  parse,
  printType,
} from 'graphql';
import { createSchema } from '../../src/graphql/schema.ts';

const root = fileURLToPath(new URL('../..', import.meta.url));
const written = readFileSync(join(root, 'schema.graphql'), 'utf8');
const schema = createSchema();

describe('the schema that is served', () => {
  // What federation and graphql-js add of their own.
  const isOurs = ({ name }: { name: string }) => !/^(_|link__|federation__)/.test(name);
  const ourTypes = (of: { getTypeMap(): Record<string, GraphQLNamedType> }) =>
    Object.values(of.getTypeMap()).filter(isOurs);

  test('has every type of schema.graphql, with the same descriptions and defaults', () => {
    const expected = lexicographicSortSchema(buildASTSchema(parse(written), { assumeValidSDL: true }));
    const served = lexicographicSortSchema(schema);
    const print = (type: GraphQLNamedType) => printType(type).replace(/(_entities|_service)\b.*\s+/g, '');
    expect(ourTypes(served).map(print)).toEqual(ourTypes(expected).map(print));
  });

  test('describes every type, field, argument and value', () => {
    const silent = ourTypes(schema).flatMap((type) => undescribed(type));
    expect(silent).toEqual([]);
  });

  test('returns from _service an SDL that composes, with descriptions', () => {
    const { data } = graphqlSync({ schema, source: '{ _service { sdl } }' });
    const { sdl } = data!['_service'] as { sdl: string };
    expect(sdl).toContain('A run of a deployment pipeline');
    const { errors, hints } = composeServices([
      { name: 'dataworks', url: 'http://dataworks.invalid', typeDefs: parse(sdl) },
    ]);
    expect(errors).toBeUndefined();
    expect(hints).toEqual([]);
  });

  test('has nullable types for fields that can fail on their own', () => {
    const typeOf = (type: string, field: string) =>
      String((schema.getType(type) as ReturnType<typeof schema.getQueryType>)!.getFields()[field]!.type);
    expect(typeOf('Query', 'pipelineRuns')).toBe('PipelineRunConnection');
    expect(typeOf('Project', 'pipelineRuns')).toBe('PipelineRunConnection');
    expect(typeOf('PipelineRun', 'items')).toBe('PipelineRunItemConnection');
  });
});

describe('npm run schema:diff', () => {
  const folder = mkdtempSync(join(tmpdir(), 'schema-'));
  afterAll(() => {
    rmSync(folder, { recursive: true });
  });

  /** Compares an earlier schema with the present one. */
  function diffSince(before: string) {
    const path = join(folder, 'before.graphql');
    writeFileSync(path, before);
    const { status, stdout } = spawnSync(
      process.execPath,
      [join(root, 'scripts/schemaDiff.js'), '--against', path],
      { cwd: root, encoding: 'utf8' },
    );
    return { status, stdout };
  }

  test('passes without changes', () => {
    expect(diffSince(written)).toMatchObject({
      status: 0,
      stdout: expect.stringContaining('0 breaking, 0 dangerous'),
    });
  });

  test.each([
    ['a removed field', '  displayName: String', '  displayName: String\n  gone: Int', 'Project.gone'],
    ['a field that becomes nullable', '  owner: ID ', '  owner: ID! ', 'Project.owner'],
    ['a removed enum value', '  SUCCEEDED', '  SUCCEEDED\n  GONE', 'PipelineRunStatus.GONE'],
    [
      'a removed key',
      '@key(fields: "projectId") {',
      '@key(fields: "projectId") @key(fields: "name") {',
      '@key',
    ],
    ['a key with other fields', '@key(fields: "projectId runId")', '@key(fields: "runId")', '@key'],
  ])('fails for %s and names the change', (_, now, before, name) => {
    expect(written).toContain(now);
    const { status, stdout } = diffSince(written.replace(now, before));
    expect(stdout).toMatch(new RegExp(`^BREAKING .*${name.replace('.', '\\.')}`, 'm'));
    expect(status).toBe(1);
  });

  test('passes for additions', () => {
    const { status, stdout } = diffSince(written.replace(/ {2}"The version of the object.*\n.*\n/, ''));
    expect(stdout).toContain('0 breaking, 0 dangerous and 2 other changes');
    expect(status).toBe(0);
  });

  test('compares with the schema of the last release by default', () => {
    writeFileSync(join(folder, 'schema.released.graphql'), written);
    writeFileSync(join(folder, 'schema.graphql'), written.replace('  displayName:', '  shownName:'));
    const { status, stdout } = spawnSync(process.execPath, [join(root, 'scripts/schemaDiff.js')], {
      cwd: folder,
      encoding: 'utf8',
    });
    expect(stdout).toMatch(/Project\.displayName[^]*since schema\.released\.graphql/);
    expect(status).toBe(1);
  });

  test('finds no breaking change since the last release', () => {
    const { status, stdout } = spawnSync(process.execPath, [join(root, 'scripts/schemaDiff.js')], {
      cwd: root,
      encoding: 'utf8',
    });
    expect(stdout).toContain('since schema.released.graphql, 0 breaking');
    expect(status).toBe(0);
  });
});

function undescribed(type: GraphQLNamedType): string[] {
  const parts = [{ name: type.name, description: type.description }];
  if (isObjectType(type) || isInterfaceType(type)) {
    for (const { name, description, args } of Object.values(type.getFields())) {
      if (name.startsWith('_')) continue;
      parts.push({ name: `${type.name}.${name}`, description });
      for (const arg of args) {
        parts.push({ name: `${type.name}.${name}(${arg.name})`, description: arg.description });
      }
    }
  }
  if (isInputObjectType(type)) parts.push(...Object.values(type.getFields()));
  if (isEnumType(type)) parts.push(...type.getValues());
  return parts.filter(({ description }) => !description).map(({ name }) => name);
}
