import { expect } from '@jest/globals';
import type { TestGateway } from '../support/gateway.ts';

/** The project to page through, and its initial number of runs. */
export const WALKED = { projectId: '10001', runs: 350 };

/** Upstream calls of a complete walk while pages stay fresh. */
export const FOUR_PAGES = [1, 2, 3, 4].map((page) => `ListPipelineRuns ${page}`);

/** Drift affects a walk differently if it reads every page again than if it uses cached pages. */
export const everyFreshness = [
  { name: 'nothing', settings: { CACHE_FRESH_MS: '0', CACHE_STALE_MS: '0' }, seesNewest: true },
  { name: 'everything', settings: { CACHE_FRESH_MS: '600000' }, seesNewest: false },
];

export const nothingFresh = everyFreshness[0]!.settings;
export const everythingFresh = everyFreshness[1]!.settings;

/** A connection of runs, as every client returns it. */
export interface RunConnection {
  edges: readonly { node: { runId: string } }[];
}

export const runIdsIn = ({ edges }: RunConnection): string[] => edges.map(({ node }) => node.runId);

/** The actual ids of the project's runs, newest first. */
export function runIds({ simulator }: TestGateway, filter?: Parameters<typeof simulator.runs>[1]): string[] {
  return simulator.runs(WALKED.projectId, filter).map(({ id }) => id);
}

/** Expects the whole list without gaps or duplicates. A head that is still fresh may lack the newest runs. */
export function expectEveryRunOnce(met: string[], gateway: TestGateway, seesNewest: boolean): void {
  const truth = runIds(gateway);
  expect(met.length).toBeGreaterThanOrEqual(WALKED.runs);
  expect(met).toEqual(seesNewest ? truth : truth.slice(-met.length));
}
