import { execFile } from 'node:child_process';
import { cp, mkdir, mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { promisify } from 'node:util';

export interface RelayProject extends AsyncDisposable {
  /** Output of the compiler, including errors and warnings. */
  output: string;
  /** Names of the artifacts, sorted: `ProjectRunsQuery`. */
  artifactNames: string[];
  /** A compiled operation or fragment by its name in the documents. */
  artifact(name: string): Promise<any>; // eslint-disable-line @typescript-eslint/no-explicit-any -- ConcreteRequest or ReaderFragment
}

/** The path of the binary for this platform, or null if there is none. */
const relayCompiler = createRequire(import.meta.url)('relay-compiler') as string | null;
const documentsDir = fileURLToPath(new URL('./relay', import.meta.url));

/**
 * Compiles the documents of `./relay` against a schema in SDL, in a folder of their own outside the tree, so that nothing
 * generated is left to be linted or become outdated. Rejects with the compiler's message on an error.
 */
export async function compileRelayProject(schema: string): Promise<RelayProject> {
  if (relayCompiler === null) throw new Error('relay-compiler has no binary for this platform.');
  const dir = await mkdtemp(join(tmpdir(), 'relay-project-'));
  const artifactsDir = join(dir, '__generated__');
  await cp(documentsDir, dir, { recursive: true });
  await writeFile(join(dir, 'schema.graphql'), schema);
  await mkdir(artifactsDir);
  const remove = () => rm(dir, { recursive: true });
  const run = promisify(execFile)(relayCompiler, ['--noWatchman'], { cwd: dir });
  const { stdout, stderr } = await run.catch(async (error: unknown) => {
    await remove();
    throw error;
  });
  const files = await readdir(artifactsDir);

  return {
    output: stdout + stderr,
    artifactNames: files.map((file) => file.replace(/\.graphql\.ts$/, '')).sort(),
    async artifact(name) {
      const module = (await import(pathToFileURL(join(artifactsDir, `${name}.graphql.ts`)).href)) as {
        default: unknown;
      };
      return module.default;
    },
    [Symbol.asyncDispose]: remove,
  };
}
