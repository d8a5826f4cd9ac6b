import { createHash } from 'node:crypto';
import { promisify } from 'node:util';
import { gzip } from 'node:zlib';
import type { FastifyInstance } from 'fastify';
import type { Admission } from '../core/admission.ts';
import { type AssetKey, type ExplorerFacts, explorerPage } from './explorerPage.ts';
import { startScript } from './explorerScript.ts';
import { createPageHook } from './requestLifecycle.ts';
import { graphiqlPolicy } from './securityHeaders.ts';

/**
 * Serves GraphiQL at /explorer, all of it from this process, for browsers without internet access. Loading it needs no token: a
 * browser sends none for a page, and the page holds no secrets. Its operations are admitted like all others.
 */
export function addExplorer(app: FastifyInstance, admission: Admission, facts: ExplorerFacts): void {
  const onRequest = createPageHook(admission);
  app.get('/explorer', { onRequest }, async (_, reply) =>
    reply
      .type('text/html; charset=utf-8')
      .header('content-security-policy', graphiqlPolicy)
      .header('cache-control', 'no-cache')
      .send(explorerPage(facts, await assets())),
  );
  app.get<{ Params: { name: string } }>(
    '/explorer/:name',
    { onRequest },
    async ({ params, headers }, reply) => {
      const asset = Object.values(await assets()).find(({ name }) => name === params.name);
      if (!asset) {
        reply.callNotFound();
        return reply;
      }
      void reply
        .type(asset.contentType)
        .header('cache-control', 'public, max-age=31536000, immutable')
        .header('vary', 'accept-encoding');
      if (!/\bgzip\b/.test(headers['accept-encoding'] ?? '')) return reply.send(asset.body);
      return reply.header('content-encoding', 'gzip').send(asset.gzipped);
    },
  );
}

interface Asset {
  /** Changes with the content, so that browsers can cache the file without limit. */
  name: string;
  contentType: string;
  body: Buffer;
  gzipped: Buffer;
}

let loading: ReturnType<typeof loadAssets> | null = null;

/** GraphiQL is 9 MB: read and compressed on the first request, once in a process. */
function assets(): ReturnType<typeof loadAssets> {
  return (loading ??= loadAssets());
}

async function loadAssets(): Promise<Record<AssetKey, Asset>> {
  const graphiql = await import('@graphql-yoga/render-graphiql/graphiql');
  return {
    graphiql: await assetOf('graphiql', 'js', graphiql.js),
    graphiqlStyles: await assetOf('graphiqlStyles', 'css', graphiql.css),
    editorWorker: await assetOf('editorWorker', 'js', graphiql.editorWorkerService),
    graphqlWorker: await assetOf('graphqlWorker', 'js', graphiql.graphqlWorker),
    jsonWorker: await assetOf('jsonWorker', 'js', graphiql.jsonWorker),
    start: await assetOf('start', 'js', startScript),
  };
}

async function assetOf(name: AssetKey, extension: 'css' | 'js', source: string): Promise<Asset> {
  const body = Buffer.from(source);
  return {
    name: `${name}.${createHash('sha256').update(body).digest('hex').slice(0, 16)}.${extension}`,
    contentType: extension === 'css' ? 'text/css; charset=utf-8' : 'text/javascript; charset=utf-8',
    body,
    gzipped: await promisify(gzip)(body),
  };
}
