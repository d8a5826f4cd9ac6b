import { createHash } from 'node:crypto';
import { promisify } from 'node:util';
import { gzip } from 'node:zlib';
import { startScript } from './explorerScript.ts';

/** A file of GraphiQL's page. */
export interface Asset {
  contentType: string;
  body: Buffer;
  gzipped: Buffer;
}

export interface Assets {
  /** File names by what the page calls them. They change with the content, so that a copy can be kept for ever. */
  names: Record<AssetKey, string>;
  byName: ReadonlyMap<string, Asset>;
}

type AssetKey = keyof Awaited<ReturnType<typeof readSources>>;

/** Reads and compresses GraphiQL, the first time that somebody asks for it: 9 MB that most processes never need. */
export function createAssets(): () => Promise<Assets> {
  let assets: Promise<Assets> | null = null;
  return () => (assets ??= prepare());
}

async function prepare(): Promise<Assets> {
  const names = {} as Record<AssetKey, string>;
  const byName = new Map<string, Asset>();
  for (const [key, source] of Object.entries(await readSources())) {
    const body = Buffer.from(source);
    const extension = key.endsWith('Styles') ? 'css' : 'js';
    const name = `${key}.${createHash('sha256').update(body).digest('hex').slice(0, 16)}.${extension}`;
    names[key as AssetKey] = name;
    byName.set(name, {
      contentType: extension === 'css' ? 'text/css; charset=utf-8' : 'text/javascript; charset=utf-8',
      body,
      gzipped: await promisify(gzip)(body),
    });
  }
  return { names, byName };
}

async function readSources() {
  const graphiql = await import('@graphql-yoga/render-graphiql/graphiql');
  return {
    graphiql: graphiql.js,
    graphiqlStyles: graphiql.css,
    editorWorker: graphiql.editorWorkerService,
    graphqlWorker: graphiql.graphqlWorker,
    jsonWorker: graphiql.jsonWorker,
    start: startScript,
    pageStyles,
  };
}

/** GraphiQL would fill the window; here what the page has to say stands above it. */
const pageStyles = `
body { display: flex; flex-direction: column; height: 100vh; margin: 0; }
main { flex: 1; min-height: 0; }
main .graphiql-container { height: 100%; width: 100%; }
aside { background: #fef3c7; color: #451a03; font: 14px/1.5 system-ui, sans-serif; padding: 8px 16px; }
aside p { margin: 0; }
`;
