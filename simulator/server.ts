import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';

import type { ActionOptions } from './actions.ts';
import { createAdmin } from './admin.ts';
import type { CallLog } from './calls.ts';
import { createCallLog, maxCallsInAnyWindow } from './calls.ts';
import type { After, Fault, FaultHandle } from './faults.ts';
import { createFaults } from './faults.ts';
import { createSignatureVerifier } from './signatureVerifier.ts';
import type { RunRow } from './runTable.ts';
import { objectIdsOf } from './items.ts';
import { createListener } from './listener.ts';
import type { ProjectSpec } from './projects.ts';
import { defaultProjects } from './projects.ts';
import { createQuota } from './quota.ts';
import { creatorOf, statusOf } from './runs.ts';
import type { Status } from './vocabulary.ts';
import type { RunFilter } from './account.ts';
import { createAccount } from './account.ts';

export interface SimulatorOptions extends Partial<ActionOptions> {
  /** On 127.0.0.1; default 0, any free one. */
  port?: number;
  /** Default `SimulatorAccessKeyId`. */
  accessKeyId?: string;
  /** Default `SimulatorAccessKeySecret`. */
  accessKeySecret?: string;
  /** If set, the key is temporary, and calls must send this token. */
  securityToken?: string;
  /** Of the data set; default 1. */
  seed?: number;
  /** Default: `defaultProjects`. */
  projects?: readonly ProjectSpec[];
  /** Milliseconds between new runs, by project id; default: none. `demoDrift` is an example. */
  newRunEveryMs?: Readonly<Record<string, number>>;
  /** Calls in any second, over all actions; default 5, as in all editions below Enterprise; null for no limit. */
  qps?: number | null;
  /** Calls a day; default null, no limit. 100 in the Basic edition. */
  dailyCalls?: number | null;
  /** Calls a month; default null, no limit. */
  monthlyCalls?: number | null;
  /** Epoch milliseconds, for the lifecycle of runs, the quota and the call log; default Date.now. */
  now?: () => number;
  /** Epoch milliseconds that `x-acs-date` is compared with; default Date.now, since SDKs use the wall clock. */
  signatureNow?: () => number;
  /** Timer of the `latency` fault; default setTimeout. */
  after?: After;
}

/** The real state of a run, independent of faults. */
export interface RunTruth {
  id: string;
  /** Epoch milliseconds. */
  createTime: number;
  creator: string;
  /** In the vocabulary of requests. */
  status: Status;
  /** The objects that it publishes, which the ObjectId filter looks for. */
  objectIds: string[];
}

export interface Simulator extends AsyncDisposable {
  /** `http://127.0.0.1:<port>`. */
  url: string;
  /** `127.0.0.1:<port>`, as the SDK wants its endpoint. */
  host: string;
  accessKeyId: string;
  accessKeySecret: string;
  /** Every call so far in order of arrival, rejected calls included. */
  calls: CallLog;
  /** The most calls in any window of 1000 ms, rejected calls included. */
  maxCallsInAnySecond(): number;
  /** Turns on a fault for calls that are signed correctly and within the quota. */
  fault(fault: Fault): FaultHandle;
  /** Removes every fault. */
  clearFaults(): void;
  /** Adds new runs at the head and returns them newest first. With `createTime` they tie; else each is newer. */
  addRuns(projectId: string, count: number, createTime?: number): RunTruth[];
  /** False if there is no such run. */
  removeRun(projectId: string, runId: string): boolean;
  /** All runs of a project that match, newest first. Costs no call and is not logged. */
  runs(projectId: string, filter?: RunFilter): RunTruth[];
  /** Closes every connection, also those that hang or are held. Idempotent. */
  close(): Promise<void>;
}

/** `newRunEveryMs` for a demo: one every 20 s in project 10000. */
export const demoDrift: Readonly<Record<string, number>> = { '10000': 20_000 };

/**
 * A DataWorks-speaking HTTP server on loopback: signature V3, the read actions of 2024-05-18 and their old aliases, a
 * deterministic data set, quota, head drift, runs that advance, and faults on demand. See `createAdmin` for its controls
 * over HTTP. It imports nothing of the rest of the gateway, so that one mistake cannot be on both sides of the protocol.
 */
export async function startSimulator(options: SimulatorOptions = {}): Promise<Simulator> {
  const { accessKeyId = 'SimulatorAccessKeyId', accessKeySecret = 'SimulatorAccessKeySecret' } = options;
  const { seed = 1, now = Date.now } = options;
  const { projects = defaultProjects, newRunEveryMs = {} } = options;
  const { qps = 5, dailyCalls = null, monthlyCalls = null } = options;
  const calls = createCallLog();
  const faults = createFaults(options.after ?? realAfter);
  const account = createAccount({ seed, now, projects, newRunEveryMs });
  const server = createServer(
    createListener({
      account,
      calls,
      faults,
      seed,
      admin: createAdmin(faults, calls),
      quota: createQuota({ qps, dailyCalls, monthlyCalls, now }),
      signatureVerifier: createSignatureVerifier({
        accessKeyId,
        accessKeySecret,
        securityToken: options.securityToken ?? null,
        now: options.signatureNow ?? Date.now,
      }),
      actions: { actionNames: options.actionNames ?? 'all', unknownRun: options.unknownRun ?? 'error' },
    }),
  );
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject).listen(options.port ?? 0, '127.0.0.1', resolve);
  });
  const host = `127.0.0.1:${(server.address() as AddressInfo).port}`;

  return {
    url: `http://${host}`,
    host,
    accessKeyId,
    accessKeySecret,
    calls,
    maxCallsInAnySecond: () => maxCallsInAnyWindow(calls, 1000),
    fault: (fault) => faults.add(fault),
    clearFaults: () => faults.clear(),
    addRuns: (projectId, count, createTime) => account.runsOf(projectId).add(count, createTime).map(truth),
    removeRun: (projectId, runId) => account.runsOf(projectId).remove(runId),
    runs: (projectId, filter = {}) =>
      account.serials(projectId, filter).map((serial) => truth(account.runsOf(projectId).row(serial))),
    close,
    [Symbol.asyncDispose]: close,
  };

  async function close(): Promise<void> {
    const closed = new Promise<void>((resolve) => server.close(() => resolve()));
    faults.clear();
    server.closeAllConnections();
    await closed;
  }

  function truth(run: RunRow): RunTruth {
    return {
      id: run.id,
      createTime: run.createTime,
      creator: creatorOf(run),
      status: statusOf(run, now()),
      objectIds: objectIdsOf(run),
    };
  }
}

function realAfter(delayMs: number, task: () => void): () => void {
  const timer = setTimeout(task, delayMs);
  return () => clearTimeout(timer);
}
