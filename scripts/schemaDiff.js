import { readFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { CriticalityLevel, diff } from '@graphql-inspector/core';
import { buildSchema } from 'graphql';

/*
 * `npm run schema:diff`: compares schema.graphql with schema.released.graphql, the schema of the last release, or with the file that
 * `--against` names. Exits 1 on a change that can break clients or the supergraph.
 */

const { values } = parseArgs({
  options: { against: { type: 'string', default: 'schema.released.graphql' } },
});
const changes = await diff(readSchema(values.against), readSchema('schema.graphql'), [federation]);
report(changes, values.against);
if (changes.some(isOf(CriticalityLevel.Breaking))) process.exitCode = 1;

/** `assumeValidSDL`: the file does not define federation's directives. */
function readSchema(path) {
  return buildSchema(readFileSync(path, 'utf8'), { assumeValidSDL: true });
}

/**
 * Inspector rates every removed directive as dangerous. A removed @key breaks the references of other subgraphs, and without
 * @shareable the supergraph does not compose, so both are breaking here.
 */
function federation({ changes }) {
  return changes.map((change) =>
    /^DIRECTIVE_USAGE_.*(REMOVED|CHANGED)$/.test(change.type) && /@(key|shareable)\b/.test(change.path ?? '')
      ? { ...change, criticality: { level: CriticalityLevel.Breaking } }
      : change,
  );
}

function report(changes, name) {
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
