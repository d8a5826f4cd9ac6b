import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { createAssets } from './explorerAssets.ts';
import type { ExplorerFacts } from './explorerExample.ts';
import { explorerPage } from './explorerPage.ts';
import { graphiqlPolicy } from './explorerPolicy.ts';
import type { Admission } from '../core/admission.ts';
import { refuseConnection } from './pipelining.ts';

/**
 * GraphiQL at /explorer, all of it from this process, for browsers that reach nothing else. Whoever comes may load it, since a
 * browser sends no token for a page and there is nothing secret in one; the operations that it sends pass the gate as all do.
 */
export function addExplorer(app: FastifyInstance, gate: Admission, facts: ExplorerFacts): void {
  const assets = createAssets();
  const onRequest = (request: FastifyRequest, reply: FastifyReply, done: () => void) => {
    const refusal = gate.admitToPage(request);
    if (refusal === null) done();
    else refuseConnection(request, reply, refusal);
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
