import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { CriticalityLevel, diff } from '@graphql-inspector/core';
import { buildSchema } from 'graphql';

/*
 * `npm run schema:diff`: what changed in schema.graphql since the last git tag, or since the file that `--against` names. Exits 1
 * if callers or the supergraph can break by it, and 0 where there is no tag yet.
 */

const { values } = parseArgs({ options: { against: { type: 'string' } } });
const before = values.against === undefined ? ofLastTag() : ofFile(values.against);

if (before === null) {
  console.log('schema:diff: no git tag holds a schema.graphql yet, so there is nothing to compare with.');
} else {
  const changes = await diff(read(before.sdl), read(readFileSync('schema.graphql', 'utf8')), [federation]);
  tell(changes, before.name);
  if (changes.some(isOf(CriticalityLevel.Breaking))) process.exitCode = 1;
}

function ofFile(path) {
  return { name: path, sdl: readFileSync(path, 'utf8') };
}

function ofLastTag() {
  try {
    const name = git('describe', '--tags', '--abbrev=0').trim();
    return { name, sdl: git('show', `${name}:schema.graphql`) };
  } catch {
    return null;
  }
}

function git(...args) {
  return execFileSync('git', args, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] });
}

/** The directives of federation are defined nowhere in the file. */
function read(sdl) {
  return buildSchema(sdl, { assumeValidSDL: true });
}

/**
 * To Inspector any directive that goes is only dangerous. Without a key, other subgraphs' references lead nowhere, and without
 * @shareable the supergraph does not compose.
 */
function federation({ changes }) {
  return changes.map((change) =>
    /^DIRECTIVE_USAGE_.*(REMOVED|CHANGED)$/.test(change.type) && /@(key|shareable)\b/.test(change.path ?? '')
      ? { ...change, criticality: { level: CriticalityLevel.Breaking } }
      : change,
  );
}

function tell(changes, name) {
  for (const level of [CriticalityLevel.Breaking, CriticalityLevel.Dangerous]) {
    for (const { message, path } of changes.filter(isOf(level))) {
      console.log(`${level.padEnd(9)}  ${path ?? ''}  ${message}`);
    }
  }
  const count = (level) => changes.filter(isOf(level)).length;
  console.log(
    `schema:diff: since ${name}, ${count(CriticalityLevel.Breaking)} breaking, ${count(CriticalityLevel.Dangerous)} dangerous and ${count(CriticalityLevel.NonBreaking)} other changes.`,
  );
}

function isOf(level) {
  return ({ criticality }) => criticality.level === level;
}
