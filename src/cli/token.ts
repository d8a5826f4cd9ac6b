import { createHash, randomBytes } from 'node:crypto';
import { parseArgs } from 'node:util';
import { CAPABILITIES } from '../core/viewer.ts';
import { staticTokenEntry } from '../auth/staticTokens.ts';

const USAGE = `Usage: npm run token -- <name> --projects <numbers, or '*'> [--may ${CAPABILITIES.join(',')}]`;

/** `npm run token`: creates a bearer token, prints it once, and prints its entry for the file of AUTH_TOKENS_FILE. */
function main(args: readonly string[]): void {
  const { name, projects = '', may = '' } = readArguments(args);
  // 256 random bits, so an unsalted digest cannot be reversed.
  const token = `dwg_${randomBytes(32).toString('base64url')}`;
  const entry = staticTokenEntry.safeParse({
    name,
    sha256: createHash('sha256').update(token).digest('hex'),
    projects: projects === '*' ? '*' : wordsOf(projects),
    may: wordsOf(may),
  });
  if (!entry.success || projects === '') {
    const problems = entry.error?.issues.map(({ path, message }) => `  - ${path.join('.')} ${message}`) ?? [];
    console.error([USAGE, ...problems].join('\n'));
    process.exitCode = 1;
    return;
  }
  console.error(`The token. It is printed only once:\n\n  ${token}\n`);
  console.error('The entry for the array in the file of AUTH_TOKENS_FILE:\n');
  console.log(JSON.stringify(entry.data, null, 2));
}

function readArguments(args: readonly string[]): { name?: string; projects?: string; may?: string } {
  try {
    const { values, positionals } = parseArgs({
      args: [...args],
      allowPositionals: true,
      options: { projects: { type: 'string' }, may: { type: 'string' } },
    });
    const [name] = positionals;
    return { ...values, ...(name !== undefined && { name }) };
  } catch {
    return {};
  }
}

function wordsOf(list: string): string[] {
  return list.split(',').filter(Boolean);
}

main(process.argv.slice(2));
