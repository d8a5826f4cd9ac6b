import { createServer } from 'node:http';
import { ApolloServer } from '@apollo/server';
import { ApolloServerPluginCacheControlDisabled } from '@apollo/server/plugin/disabled';
import { startStandaloneServer } from '@apollo/server/standalone';
import { makeExecutableSchema } from '@graphql-tools/schema';
import { fastify } from 'fastify';
import { createYoga } from 'graphql-yoga';
import mercurius from 'mercurius';

/*
 * The servers that the gateway is compared with, set up as their documentation does. They answer the same query from rows in memory,
 * already in the shape of the response. None of them authenticates, counts or logs anything.
 */

/** Each starts a server of rows in the gateway's shape and returns its URL for POSTs. It sends the given response headers. */
export const peers = {
  bare: (rows) => listening(bareServer(rows, [['content-type', 'application/json; charset=utf-8']])),
  bareWithHeaders: (rows, headers) => {
    const itsOwn = ['connection', 'content-length', 'date', 'keep-alive', 'transfer-encoding'];
    return listening(
      bareServer(
        rows,
        headers.filter(([name]) => !itsOwn.includes(name)),
      ),
    );
  },
  apollo: async (rows) => {
    const server = new ApolloServer({ typeDefs, resolvers: resolversFor(rows) });
    return (await startStandaloneServer(server, { listen: { port: 0 } })).url;
  },
  apolloWithoutCacheControl: async (rows) => {
    const plugins = [ApolloServerPluginCacheControlDisabled()];
    const server = new ApolloServer({ typeDefs, resolvers: resolversFor(rows), plugins });
    return (await startStandaloneServer(server, { listen: { port: 0 } })).url;
  },
  yoga: (rows) => {
    const yoga = createYoga({
      schema: makeExecutableSchema({ typeDefs, resolvers: resolversFor(rows) }),
      logging: false,
    });
    return listening(createServer((request, response) => yoga(request, response)));
  },
  mercurius: async (rows) => {
    const app = fastify();
    await app.register(mercurius.default, { schema: typeDefs, resolvers: resolversFor(rows), jit: 1 });
    return `${await app.listen({ port: 0 })}/graphql`;
  },
};

function bareServer(rows, headers) {
  const bytes = Buffer.from(
    JSON.stringify({ data: { pipelineRuns: windowOf(rows, { number: 1, size: 10 }) } }),
  );
  return createServer((request, response) => {
    request.resume().on('end', () => {
      for (const [name, value] of headers) response.setHeader(name, value);
      response.setHeader('content-length', bytes.length);
      response.end(bytes);
    });
  });
}

async function listening(server) {
  await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('The server does not listen.');
  return `http://127.0.0.1:${address.port}/graphql`;
}

function resolversFor(rows) {
  return {
    Query: { pipelineRuns: (_, { page }) => Promise.resolve(windowOf(rows, page)) },
  };
}

function windowOf({ edges, ...rest }, { number, size }) {
  const start = (number - 1) * size;
  const shown = edges.slice(start, start + size);
  const pageInfo = {
    hasNextPage: start + size < rest.totalCount,
    hasPreviousPage: start > 0,
    startCursor: shown[0]?.cursor ?? null,
    endCursor: shown.at(-1)?.cursor ?? null,
  };
  return { totalCount: rest.totalCount, asOf: rest.asOf, staleBecause: null, pageInfo, edges: shown };
}

/** The part of the gateway's schema that the query needs. A time is passed on as it is. */
const typeDefs = `
  type Query { pipelineRuns(projectId: ID!, page: PageInput): PipelineRunConnection }
  input PageInput { number: Int! = 1  size: Int! = 10 }
  type PipelineRunConnection {
    edges: [PipelineRunEdge!]!  pageInfo: PageInfo!  totalCount: Int!  asOf: String!  staleBecause: String
  }
  type PipelineRunEdge { cursor: String!  node: PipelineRun! }
  type PageInfo { hasNextPage: Boolean!  hasPreviousPage: Boolean!  startCursor: String  endCursor: String }
  type PipelineRun {
    id: ID!  runId: ID!  projectId: ID!  createTime: String  modifyTime: String  creator: String
    status: PipelineRunStatus!  rawStatus: String!  message: String  description: String  stages: [PipelineRunStage!]!
  }
  type PipelineRunStage {
    code: String!  step: Int!  type: String!  rawType: String!  name: String  description: String  message: String
    status: PipelineRunStatus!  rawStatus: String!
  }
  enum PipelineRunStatus { INIT RUNNING SUCCEEDED FAILED TERMINATED CANCELED UNKNOWN }
`;
