import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Metafile } from 'esbuild';

interface Manifest {
  name: string;
  version: string;
  license?: string;
  repository?: string | { url: string };
}

const LICENSE_FILE = /^(?:licen[cs]e|copying|notice)/i;

/** Names, licenses and license texts of all packages with code in the bundle. */
export function licensesOf(metafile: Metafile): string {
  const sections = packageFoldersOf(metafile).map((folder) => {
    const { name, version, license = 'unknown', repository } = manifestOf(folder);
    const source = typeof repository === 'string' ? repository : (repository?.url ?? name);
    const texts = readdirSync(folder)
      .filter((file) => LICENSE_FILE.test(file))
      .map((file) => readFileSync(join(folder, file), 'utf8').trim());
    const text = texts.join('\n\n') || `The package contains no license text. Its source: ${source}`;
    return [`${name} ${version} (${license})`, ...(VENDORED[name] ?? []), `${text}\n`].join('\n\n');
  });
  return [INTRODUCTION, ...new Set(sections)].join(`\n${'-'.repeat(80)}\n\n`);
}

/** What prebuilt packages contain of others. */
const VENDORED: Readonly<Record<string, string[]>> = {
  '@graphql-yoga/render-graphiql': [
    'Its file contains GraphiQL, React and the Monaco Editor (all MIT), and packages that these use.',
  ],
};

const INTRODUCTION = 'The programs in this folder contain the code of these packages.\n';

/** The folders of the packages in the outputs, sorted, such as `node_modules/graphql`. */
function packageFoldersOf({ outputs }: Metafile): string[] {
  const inputs = Object.values(outputs).flatMap((output) => Object.keys(output.inputs));
  return [...new Set(inputs.flatMap((input) => packageFolderOf(input) ?? []))].sort();
}

/** The folder of the package that a file belongs to; null for the gateway's own files. */
export function packageFolderOf(input: string): string | null {
  return /^.*\bnode_modules\/(?:@[^/]+\/)?[^/]+(?=\/)/.exec(input)?.[0] ?? null;
}

function manifestOf(folder: string): Manifest {
  return JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8')) as Manifest;
}
