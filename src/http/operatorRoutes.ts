import type { FastifyInstance } from 'fastify';
import type { Admission } from '../core/admission.ts';
import { refuseConnection } from './pipelining.ts';

export interface Health {
  status: 'ok' | 'degraded' | 'unavailable';
  /** What is not as it should be, in words that name nothing secret. */
  reasons: string[];
}

/** What /metrics answers, made anew for every scrape. */
export type Metrics = () => Promise<{ contentType: string; body: string }>;

/** For probes, which prove nothing and are told nothing but words. */
export function addHealth(app: FastifyInstance, health: () => Health): void {
  app.get('/health/live', () => ({ status: 'ok' }));
  app.get('/health/ready', (_, reply) => {
    const state = health();
    return reply.code(state.status === 'unavailable' ? 503 : 200).send(state);
  });
}

/** For whoever has the capability, where callers must prove who they are. */
export function addMetrics(app: FastifyInstance, gate: Admission, metrics: Metrics): void {
  app.get('/metrics', async (request, reply) => {
    const viewer = await gate.admit(request, reply, 'metrics');
    if ('code' in viewer) return refuseConnection(request, reply, viewer);
    const { contentType, body } = await metrics();
    return reply.type(contentType).send(body);
  });
}
