import type { FastifyInstance } from 'fastify';
import type { Admission } from '../core/admission.ts';
import { rejectRequest } from './connections.ts';

export interface Health {
  status: 'ok' | 'degraded' | 'unavailable';
  /** What is wrong, without secrets. Empty if the status is `ok`. */
  reasons: string[];
}

export interface OperatorRoutesOptions {
  admission: Admission;
  /** Whether the gateway can respond to queries now. */
  health: () => Health;
  /** Returns the response to /metrics, collected anew for every scrape. Null without /metrics. */
  metrics: (() => Promise<{ contentType: string; body: string }>) | null;
  /** Aborted when the server closes. */
  draining: AbortSignal;
}

/** Adds /health/live and /health/ready for probes, which do not authenticate, and /metrics, which needs a capability. */
export function addOperatorRoutes(app: FastifyInstance, options: OperatorRoutesOptions): void {
  const { admission, health, metrics, draining } = options;
  app.get('/health/live', () => ({ status: 'ok' }));
  app.get('/health/ready', (_, reply) => {
    const current = draining.aborted ? shuttingDown : health();
    return reply.code(current.status === 'unavailable' ? 503 : 200).send(current);
  });
  if (metrics === null) return;
  app.get('/metrics', async (request, reply) => {
    const admitted = await admission.admit(request, request.headers.authorization, 'metrics');
    if ('code' in admitted) return rejectRequest(request, reply, admitted);
    const { contentType, body } = await metrics();
    return reply.type(contentType).send(body);
  });
}

const shuttingDown: Health = { status: 'unavailable', reasons: ['The gateway is shutting down.'] };
