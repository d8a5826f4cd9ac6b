import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { settings } from '../src/config/settings.ts';
import { errorCodes, requestErrorCodes } from '../src/core/errorCodes.ts';
import { metricsTable, PREFIX } from '../src/telemetry/metricsTable.ts';

/*
 * Part of `npm run check:docs`: verifies the length of pages and lines, relative links with their anchors, and names: paths of this
 * repository, settings and error codes in backticks, metrics, npm scripts. Exits 1 and lists every problem.
 */

const MAX_LINE_LENGTH = 160;
const REPOSITORY_PATH = /`((?:src|simulator|demo|test|bench|scripts|docs|examples)\/[\w./-]*)`/g;
/** Upper-case names that are settings or error codes by their first word. */
const CODE_NAME =
  /`((?:AUTH|CACHE|DATAWORKS|LIVE|MAX|PERSISTED|RATE|REQUEST|SHUTDOWN|STORED|UPSTREAM)_[A-Z_]+)(?:=[^`]*)?`/g;
/** Other names that start like these. */
const FOREIGN_NAMES = ['UPSTREAM_ERROR'];

const codeNames = [
  ...Object.keys({ ...settings.shape, ...errorCodes, ...requestErrorCodes }),
  ...FOREIGN_NAMES,
];
const metrics = Object.keys(metricsTable).map((name) => PREFIX + name);
const scripts = Object.keys(
  (JSON.parse(readFileSync('package.json', 'utf8')) as { scripts: Record<string, string> }).scripts,
);
const problems = pages().flatMap(problemsOf);
for (const problem of problems) console.error(problem);
if (problems.length > 0) process.exitCode = 1;

function pages(): string[] {
  const markdownIn = (folder: string) =>
    readdirSync(folder)
      .filter((name) => name.endsWith('.md'))
      .map((name) => join(folder, name));
  const examples = readdirSync('examples').map((name) => join('examples', name, 'README.md'));
  return [...markdownIn('.'), ...markdownIn('docs'), ...examples.filter((path) => existsSync(path))];
}

function problemsOf(path: string): string[] {
  const text = readFileSync(path, 'utf8');
  return [...lengthProblems(path, text), ...linkProblems(path, text), ...nameProblems(path, text)];
}

function lengthProblems(path: string, text: string): string[] {
  const lines = text.trimEnd().split('\n');
  const max = path === 'README.md' ? 120 : path.startsWith('docs/') ? 150 : Infinity;
  const tooLong = lines.flatMap((line, index) =>
    line.length > MAX_LINE_LENGTH
      ? [`${path}:${index + 1}: ${line.length} characters; at most ${MAX_LINE_LENGTH}.`]
      : [],
  );
  return lines.length > max ? [...tooLong, `${path}: ${lines.length} lines; at most ${max}.`] : tooLong;
}

function linkProblems(path: string, text: string): string[] {
  const links = withoutCode(text).matchAll(/\]\(([^)\s]+)\)/g);
  return [...links].flatMap(([, target = '']) => {
    if (/^[a-z]+:/.test(target)) return [];
    const [file = '', anchor] = target.split('#');
    const linked = file === '' ? path : join(dirname(path), file);
    if (!existsSync(linked)) return [`${path}: the link ${target} leads nowhere.`];
    const isMissing = anchor !== undefined && !anchorsIn(readFileSync(linked, 'utf8')).includes(anchor);
    return isMissing ? [`${path}: ${linked} has no heading for #${anchor}.`] : [];
  });
}

function nameProblems(path: string, text: string): string[] {
  const base = path.startsWith('examples/dashboard/') ? dirname(path) : '.';
  const paths = [...text.matchAll(REPOSITORY_PATH)].flatMap(([, name = '']) =>
    existsSync(join(base, name)) || existsSync(name) ? [] : [`${path}: ${name} does not exist.`],
  );
  if (base !== '.') return paths;
  const names = [...text.matchAll(CODE_NAME)].flatMap(([, name = '']) =>
    codeNames.includes(name) ? [] : [`${path}: ${name} is neither a setting nor an error code.`],
  );
  const unknownMetrics = [...text.matchAll(/\b(dataworks_gateway_\w+)/g)].flatMap(([, name = '']) =>
    metrics.includes(name.replace(/_(?:bucket|count|sum)$/, ''))
      ? []
      : [`${path}: no metric is called ${name}.`],
  );
  const commands = [...text.matchAll(/\bnpm run (?:--silent |-s )?([\w:]+)/g)].flatMap(([, name = '']) =>
    scripts.includes(name) ? [] : [`${path}: package.json has no script ${name}.`],
  );
  return [...paths, ...names, ...unknownMetrics, ...commands];
}

/** As GitHub makes them of headings: lower case, without punctuation, hyphens for spaces. */
function anchorsIn(text: string): string[] {
  return [...withoutCode(text).matchAll(/^#+ (.*)$/gm)].map(([, heading = '']) =>
    heading
      .toLowerCase()
      .replace(/[^\p{L}\p{N} _-]/gu, '')
      .trim()
      .replaceAll(' ', '-'),
  );
}

function withoutCode(text: string): string {
  return text.replace(/^```[^]*?^```/gm, '');
}
