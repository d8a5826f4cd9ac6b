import { ApolloServer, type BaseContext } from '@apollo/server';
import { defineIntegrationTestSuite } from '@apollo/server-integration-testsuite';
import type { ApolloContext } from '../../src/http/apollo.ts';
import { createApp } from '../../src/http/app.ts';
import { createAdmission } from '../../src/auth/admission.ts';
import type { GatewayContext } from '../../src/graphql/context.ts';
import { createGraphQLHandler } from '../../src/http/graphqlHandler.ts';
import { createAdmissionHook } from '../../src/http/requestLifecycle.ts';
import { createRequestScheduler } from '../../src/http/requestScheduler.ts';
import { unreadObservation } from '../support/fixtures.ts';
import { createSteadyClock, systemClock } from '../../src/core/clock.ts';

/** Apollo's own test suite, against its Apollo Servers behind this gateway's Fastify app and handler. */
defineIntegrationTestSuite(
  async (config, options) => {
    const server = new ApolloServer<BaseContext>(config);
    await server.start();
    const draining = new AbortController().signal;
    // With the context of the suite.
    const execute: ApolloServer<ApolloContext>['executeHTTPGraphQLRequest'] = ({ httpGraphQLRequest }) =>
      server.executeHTTPGraphQLRequest({
        httpGraphQLRequest,
        context: async () => (await options?.context?.()) ?? {},
      });
    const app = await createApp({
      limits: { bodyBytes: 100_000, deadlineMs: 10_000, queueMs: 1000 },
      corsOrigins: [],
      headers: {},
      draining,
      upgradeErrorOf: () => null,
      onBug: () => undefined,
    });
    app.route({
      // The suite uses the root path.
      url: '/*',
      method: ['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE'],
      onRequest: createAdmissionHook({
        admission: createAdmission({ authenticate: null, rateLimit: null, onBug: () => undefined }),
        scheduler: createRequestScheduler({ clock: systemClock, maxWaitMs: 1000 }),
        observe: unreadObservation,
        draining,
        explorer: false,
      }),
      handler: createGraphQLHandler({
        apollo: { executeHTTPGraphQLRequest: execute } as unknown as ApolloServer<ApolloContext>,
        trustedDocuments: () => null,
        clock: createSteadyClock(systemClock),
        responses: null,
        compress: null,
        isAuthenticated: false,
        deadlineMs: 10_000,
        maxResponseBytes: 1_000_000,
        createContext: () => ({}) as GatewayContext,
      }),
    });
    const url = await app.listen({ host: '127.0.0.1', port: 0 });
    return { server, url, extraCleanup: () => app.close() };
  },
  // graphql 16 has no @defer.
  { noIncrementalDelivery: true },
);
