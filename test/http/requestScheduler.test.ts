import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { createRequestScheduler } from '../../src/http/requestScheduler.ts';
import { systemClock } from '../../src/core/clock.ts';
import { startTestGateway } from '../support/gateway.ts';
import { pipelined } from '../support/pipelined.ts';
import { createVirtualClock } from '../support/virtualClock.ts';

const MAX_WAIT_MS = 20;

/** A scheduler whose turns the test ends. Each request takes a millisecond. */
function setUp() {
  let now = 0;
  const soon: (() => void)[] = [];
  let nextTurn: (() => void)[] = [];
  const started: string[] = [];
  const scheduler = createRequestScheduler({
    clock: { ...createVirtualClock(), monotonic: () => now },
    maxWaitMs: MAX_WAIT_MS,
    afterPending: (task) => soon.push(task),
    nextTurn: (task) => nextTurn.push(task),
  });
  return {
    started: () => started.splice(0),
    /** Requests that arrive in the poll phase of one turn. */
    arrive: (...names: string[]): void => {
      for (const name of names) {
        scheduler.schedule((error) => {
          started.push(error ? `${name} ${error.code}` : name);
          if (!error) now += 1;
        });
      }
    },
    /** Ends the turn: runs the tasks of the next one, and those that follow from them at once. */
    endTurn: (): void => {
      const tasks = nextTurn;
      nextTurn = [];
      for (const task of tasks) {
        task();
        for (let next = soon.shift(); next; next = soon.shift()) next();
      }
    },
    openConnection: () => scheduler.connectionOpened(),
    isIdle: () => nextTurn.length === 0,
    wait: (ms: number) => (now += ms),
  };
}

describe('a request scheduler', () => {
  test('starts a single request at once', () => {
    const { arrive, started, endTurn, isIdle } = setUp();
    arrive('a');
    expect(started()).toEqual(['a']);
    endTurn();
    expect(isIdle()).toBe(true);
  });

  test('starts requests for one slice per turn, in the order of arrival', () => {
    const { arrive, started, endTurn, isIdle } = setUp();
    arrive('a', 'b', 'c', 'd', 'e', 'f');
    expect(started()).toEqual(['a', 'b']);
    endTurn();
    expect(started()).toEqual(['c', 'd']);
    arrive('g');
    expect(started()).toEqual([]);
    endTurn();
    expect(started()).toEqual(['e', 'f']);
    endTurn();
    expect(started()).toEqual(['g']);
    endTurn();
    expect(isIdle()).toBe(true);
    arrive('h');
    expect(started()).toEqual(['h']);
  });

  test('starts one request in a turn that accepted a connection', () => {
    const { arrive, started, endTurn, openConnection } = setUp();
    arrive('a', 'b', 'c', 'd', 'e', 'f', 'g');
    expect(started()).toEqual(['a', 'b']);
    for (const next of ['c', 'd']) {
      openConnection();
      endTurn();
      expect(started()).toEqual([next]);
    }
    endTurn();
    expect(started()).toEqual(['e', 'f']);
  });

  test('starts requests for as long as it took to receive new ones', () => {
    const { arrive, started, endTurn, wait } = setUp();
    arrive('a', 'b', 'c', 'd', 'e', 'f', 'g', 'h', 'i');
    expect(started()).toEqual(['a', 'b']);
    endTurn();
    expect(started()).toEqual(['c', 'd']);
    arrive('j');
    wait(4);
    endTurn();
    expect(started()).toEqual(['e', 'f', 'g', 'h']);
    endTurn();
    expect(started()).toEqual(['i', 'j']);
  });

  test('rejects new requests while the first one waits too long, and starts waiting ones', () => {
    const { arrive, started, endTurn, wait } = setUp();
    arrive('a', 'b', 'c', 'd');
    expect(started()).toEqual(['a', 'b']);
    wait(MAX_WAIT_MS + 1);
    arrive('e');
    expect(started()).toEqual(['e OVERLOADED']);
    endTurn();
    expect(started()).toEqual(['c', 'd']);
    arrive('f');
    endTurn();
    expect(started()).toEqual(['f']);
  });

  test('calls back for each request once, and starts requests in their order', () => {
    fc.assert(
      fc.property(
        fc.array(fc.record({ arrivals: fc.nat(8), waitMs: fc.nat(30), isJoined: fc.boolean() }), {
          maxLength: 30,
        }),
        (turns) => {
          const { arrive, started, endTurn, isIdle, openConnection, wait } = setUp();
          const called: string[] = [];
          let count = 0;
          for (const { arrivals, waitMs, isJoined } of turns) {
            if (isJoined) openConnection();
            for (let n = 0; n < arrivals; n++) arrive(String(count++));
            wait(waitMs);
            endTurn();
            called.push(...started());
          }
          for (let n = 0; n < count && !isIdle(); n++) endTurn();
          called.push(...started());
          expect(isIdle()).toBe(true);
          const numbers = (names: string[]) => names.map((name) => Number.parseInt(name));
          const taken = numbers(called.filter((name) => !name.includes(' ')));
          expect(taken).toEqual([...taken].sort((one, other) => one - other));
          expect(numbers(called).sort((one, other) => one - other)).toEqual(
            Array.from({ length: count }, (_, n) => n),
          );
        },
      ),
    );
  });
});

describe('a gateway that receives more requests at once than fit a slice', () => {
  test('responds to all of them', async () => {
    let elapsedMs = 0;
    const clock = { ...systemClock, monotonic: () => (elapsedMs += 1) };
    await using gateway = await startTestGateway({ clock });
    const answers = await pipelined(gateway.url, '{ __typename }', 50);
    expect(answers.match(/^HTTP\/1.1 200 /gm)).toHaveLength(50);
  });

  test('rejects with a code and a delay, and without an upstream call', async () => {
    let elapsedMs = 0;
    // Each reading of the clock takes longer than a request may wait.
    const clock = { ...systemClock, monotonic: () => (elapsedMs += 100) };
    await using gateway = await startTestGateway({ clock, settings: { MAX_QUEUE_MS: '50' } });
    const answers = await pipelined(gateway.url, '{ __typename }', 4);
    expect(answers).toMatch(
      /^HTTP\/1.1 503 [^]*?retry-after: 1\r\n[^]*?"code":"OVERLOADED","retryAfterMs":1000/m,
    );
    expect(answers).toMatch(/^HTTP\/1.1 200 /);
    expect(gateway.newCalls()).toEqual([]);
  });
});
