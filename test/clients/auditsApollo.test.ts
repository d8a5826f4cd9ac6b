import { ApolloServer, type BaseContext } from '@apollo/server';
import { defineIntegrationTestSuite } from '@apollo/server-integration-testsuite';
import { createStoredResponses } from '../../src/responses/storedResponses.ts';
import { createKnownBodies } from '../../src/responses/responseKey.ts';
import type { DoorContext } from '../../src/http/apollo.ts';
import { createApp } from '../../src/http/app.ts';
import { anonymous } from '../../src/core/viewer.ts';
import type { GatewayContext } from '../../src/graphql/context.ts';
import { graphqlRoute } from '../../src/http/graphqlRoute.ts';
import { systemClock } from '../../src/core/clock.ts';

/** Apollo's own suite, against an Apollo Server of its choosing behind this gateway's Fastify and route. */
defineIntegrationTestSuite(
  async (config, options) => {
    const server = new ApolloServer<BaseContext>(config);
    await server.start();
    const app = await createApp({
      limits: { bodyBytes: 100_000, deadlineMs: 10_000, queueMs: 1000 },
      corsOrigins: [],
      isDraining: () => false,
      onBug: () => undefined,
    });
    app.route({
      // The suite asks at the root.
      url: '/*',
      method: ['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE'],
      onRequest(request, _reply, done) {
        request.record.viewer = anonymous;
        done();
      },
      handler: graphqlRoute({
        apollo: server as unknown as ApolloServer<DoorContext>,
        trustedDocuments: () => null,
        clock: systemClock,
        answers: createStoredResponses(0),
        bodies: createKnownBodies(0),
        securityHeaders: [],
        isDraining: () => false,
        isAuthenticated: false,
        deadlineMs: 10_000,
        maxResponseBytes: 1_000_000,
        createContext: async () => ((await options?.context?.()) ?? {}) as GatewayContext,
      }),
    });
    const url = await app.listen({ host: '127.0.0.1', port: 0 });
    return { server, url, extraCleanup: () => app.close() };
  },
  // graphql 16 has no @defer.
  { noIncrementalDelivery: true },
);
