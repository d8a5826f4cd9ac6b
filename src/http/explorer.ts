import { createHash } from 'node:crypto';
import { promisify } from 'node:util';
import { gzip } from 'node:zlib';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import type { Admission } from '../core/admission.ts';
import { rejectRequest } from './connections.ts';
import { type AssetNames, type ExplorerFacts, explorerPage } from './explorerPage.ts';
import { startScript } from './explorerScript.ts';
import { graphiqlPolicy } from './securityHeaders.ts';

/**
 * Serves GraphiQL at /explorer, all of it from this process, for browsers without internet access. Loading it needs no token: a
 * browser sends none for a page, and the page holds no secrets. Its operations are admitted like all others.
 */
export function addExplorer(app: FastifyInstance, admission: Admission, facts: ExplorerFacts): void {
  const onRequest = (request: FastifyRequest, reply: FastifyReply, done: () => void) => {
    const error = admission.countPage(request);
    if (error === null) done();
    else rejectRequest(request, reply, error);
  };
  app.get('/explorer', { onRequest }, async (_, reply) => {
    const { names } = await assets();
    return reply
      .type('text/html; charset=utf-8')
      .header('content-security-policy', graphiqlPolicy)
      .header('cache-control', 'no-cache')
      .send(explorerPage(facts, names));
  });
  app.get<{ Params: { name: string } }>(
    '/explorer/:name',
    { onRequest },
    async ({ params, headers }, reply) => {
      const asset = (await assets()).byName.get(params.name);
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
  contentType: string;
  body: Buffer;
  gzipped: Buffer;
}

interface Assets {
  /** Names change with the content, so that browsers can cache the files without limit. */
  names: AssetNames;
  byName: ReadonlyMap<string, Asset>;
}

let loading: Promise<Assets> | null = null;

/** GraphiQL is 9 MB: read and compressed on the first request, once in a process. */
function assets(): Promise<Assets> {
  return (loading ??= loadAssets());
}

async function loadAssets(): Promise<Assets> {
  const names = {} as AssetNames;
  const byName = new Map<string, Asset>();
  for (const [key, source] of Object.entries(await readSources())) {
    const body = Buffer.from(source);
    const extension = key.endsWith('Styles') ? 'css' : 'js';
    const name = `${key}.${createHash('sha256').update(body).digest('hex').slice(0, 16)}.${extension}`;
    names[key as keyof AssetNames] = name;
    byName.set(name, {
      contentType: extension === 'css' ? 'text/css; charset=utf-8' : 'text/javascript; charset=utf-8',
      body,
      gzipped: await promisify(gzip)(body),
    });
  }
  return { names, byName };
}

async function readSources(): Promise<AssetNames> {
  const graphiql = await import('@graphql-yoga/render-graphiql/graphiql');
  return {
    graphiql: graphiql.js,
    graphiqlStyles: graphiql.css,
    editorWorker: graphiql.editorWorkerService,
    graphqlWorker: graphiql.graphqlWorker,
    jsonWorker: graphiql.jsonWorker,
    start: startScript,
  };
}
