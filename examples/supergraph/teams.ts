import { ApolloServer } from '@apollo/server';
import { ApolloServerPluginInlineTraceDisabled } from '@apollo/server/plugin/disabled';
import { startStandaloneServer } from '@apollo/server/standalone';
import { buildSubgraphSchema } from '@apollo/subgraph';
import { parse } from 'graphql';

/** A team and the numbers of the DataWorks workspaces that it owns. */
export interface Team {
  id: string;
  name: string;
  projectIds: readonly string[];
}

export interface TeamsSubgraph {
  url: string;
  close(): Promise<void>;
}

/**
 * References a workspace by its number, which is one of the two keys of the gateway's `Project`. It adds the field `team`; a router
 * fetches the other fields from the gateway.
 */
export const teamsTypeDefs = /* GraphQL */ `
  extend schema @link(url: "https://specs.apollo.dev/federation/v2.3", import: ["@key"])

  type Query {
    "All teams."
    teams: [Team!]!
    "Returns a team by id, or null if it does not exist."
    team(id: ID!): Team
  }

  "A group of people who own workspaces."
  type Team @key(fields: "id") {
    id: ID!
    name: String!
    "The workspaces that the team owns."
    projects: [Project!]!
  }

  type Project @key(fields: "projectId") {
    projectId: ID!
    "The team that owns the workspace; null if none does."
    team: Team
  }
`;

/** Workspaces of the simulator: 10000 has most runs, 10003 has none, and 10004 may not be read. */
export const sampleTeams: readonly Team[] = [
  { id: 'payments', name: 'Payments', projectIds: ['10000', '10002'] },
  { id: 'reporting', name: 'Reporting', projectIds: ['10001', '10003'] },
  { id: 'audit', name: 'Audit', projectIds: ['10004'] },
];

/** @param port the port on 127.0.0.1; 0 for any free port */
export async function startTeams(port: number, teams: readonly Team[] = sampleTeams): Promise<TeamsSubgraph> {
  const schema = buildSubgraphSchema({ typeDefs: parse(teamsTypeDefs), resolvers: resolversFor(teams) });
  const server = new ApolloServer({ schema, plugins: [ApolloServerPluginInlineTraceDisabled()] });
  const { url } = await startStandaloneServer(server, { listen: { host: '127.0.0.1', port } });
  return { url, close: () => server.stop() };
}

function resolversFor(teams: readonly Team[]) {
  const teamOf = (id: string) => teams.find((team) => team.id === id) ?? null;
  return {
    Query: {
      teams: () => teams,
      team: (_: unknown, { id }: { id: string }) => teamOf(id),
    },
    Team: {
      __resolveReference: ({ id }: { id: string }) => teamOf(id),
      projects: ({ projectIds }: Team) => projectIds.map((projectId) => ({ projectId })),
    },
    Project: {
      team: ({ projectId }: { projectId: string }) =>
        teams.find(({ projectIds }) => projectIds.includes(projectId)) ?? null,
    },
  };
}
