import { build, type Metafile } from 'esbuild';

/** The programs of the build: `npm start`, `npm run token`, `npm run schema:print`. */
const PROGRAMS = ['src/cli/main.ts', 'src/cli/token.ts', 'src/cli/printSchema.ts'];

interface Bundle {
  files: { path: string; text: string }[];
  /** esbuild's list of outputs, with the bytes of each input in them. */
  metafile: Metafile;
}

/**
 * Bundles the programs with the packages that they use, for `dist`. What they import dynamically (Redis, OpenTelemetry, GraphiQL) is in
 * files of its own in `dist/chunks`, which load only when needed.
 */
export async function bundle(): Promise<Bundle> {
  const { outputFiles, metafile } = await build({
    entryPoints: PROGRAMS,
    outbase: 'src',
    outdir: 'dist',
    // The same depth as the programs: src/graphql/schema.ts finds schema.graphql two levels up.
    chunkNames: 'chunks/[name]-[hash]',
    bundle: true,
    splitting: true,
    format: 'esm',
    platform: 'node',
    target: 'node20.19',
    banner: { js: COMMONJS_NAMES },
    sourcemap: true,
    sourcesContent: false,
    metafile: true,
    write: false,
    logLevel: 'warning',
  });
  return { files: outputFiles, metafile };
}

/** ES modules do not have these names. Packages that are CommonJS use them. */
const COMMONJS_NAMES = `
import { createRequire as createBundleRequire } from 'node:module';
const require = createBundleRequire(import.meta.url), { filename: __filename, dirname: __dirname } = import.meta;
`.trim();
