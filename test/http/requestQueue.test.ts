import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { createRequestQueue } from '../../src/http/requestQueue.ts';
import { systemClock } from '../../src/core/clock.ts';
import { startTestGateway } from '../support/gateway.ts';
import { pipelined } from '../support/pipelined.ts';
import { createVirtualClock } from '../support/virtualClock.ts';

const MAX_WAIT_MS = 20;

/** A queue whose turns the test ends, each request of which takes a millisecond. */
function setUp() {
  let now = 0;
  const soon: (() => void)[] = [];
  let nextTurn: (() => void)[] = [];
  const heard: string[] = [];
  const queue = createRequestQueue({
    clock: { ...createVirtualClock(), monotonic: () => now },
    maxWaitMs: MAX_WAIT_MS,
    soon: (task) => soon.push(task),
    nextTurn: (task) => nextTurn.push(task),
  });
  return {
    heard: () => heard.splice(0),
    /** What comes in the poll phase of one turn. */
    come: (...names: string[]): void => {
      for (const name of names) {
        queue.enter((refusal) => {
          heard.push(refusal ? `${name} ${refusal.code}` : name);
          if (!refusal) now += 1;
        });
      }
    },
    /** Ends the turn: what was put off to the next one runs, and whatever follows from that at once. */
    endTurn: (): void => {
      const tasks = nextTurn;
      nextTurn = [];
      for (const task of tasks) {
        task();
        for (let next = soon.shift(); next; next = soon.shift()) next();
      }
    },
    newcomer: () => queue.newcomer(),
    isIdle: () => nextTurn.length === 0,
    wait: (ms: number) => (now += ms),
  };
}

describe('a queue of requests', () => {
  test('begins at once what comes alone', () => {
    const { come, heard, endTurn, isIdle } = setUp();
    come('a');
    expect(heard()).toEqual(['a']);
    endTurn();
    expect(isIdle()).toBe(true);
  });

  test('begins no more in a turn than a slice, and the others in those after it, first come first served', () => {
    const { come, heard, endTurn, isIdle } = setUp();
    come('a', 'b', 'c', 'd', 'e', 'f');
    expect(heard()).toEqual(['a', 'b']);
    endTurn();
    expect(heard()).toEqual(['c', 'd']);
    come('g');
    expect(heard()).toEqual([]);
    endTurn();
    expect(heard()).toEqual(['e', 'f']);
    endTurn();
    expect(heard()).toEqual(['g']);
    endTurn();
    expect(isIdle()).toBe(true);
    come('h');
    expect(heard()).toEqual(['h']);
  });

  test('begins but one in a turn that has taken on a connection', () => {
    const { come, heard, endTurn, newcomer } = setUp();
    come('a', 'b', 'c', 'd', 'e', 'f', 'g');
    expect(heard()).toEqual(['a', 'b']);
    for (const next of ['c', 'd']) {
      newcomer();
      endTurn();
      expect(heard()).toEqual([next]);
    }
    endTurn();
    expect(heard()).toEqual(['e', 'f']);
  });

  test('begins for as long in a turn as it took to hear those who came', () => {
    const { come, heard, endTurn, wait } = setUp();
    come('a', 'b', 'c', 'd', 'e', 'f', 'g', 'h', 'i');
    expect(heard()).toEqual(['a', 'b']);
    endTurn();
    expect(heard()).toEqual(['c', 'd']);
    come('j');
    wait(4);
    endTurn();
    expect(heard()).toEqual(['e', 'f', 'g', 'h']);
    endTurn();
    expect(heard()).toEqual(['i', 'j']);
  });

  test('refuses with a code and a time who comes while somebody waits too long, and answers who waits', () => {
    const { come, heard, endTurn, wait } = setUp();
    come('a', 'b', 'c', 'd');
    expect(heard()).toEqual(['a', 'b']);
    wait(MAX_WAIT_MS + 1);
    come('e');
    expect(heard()).toEqual(['e OVERLOADED']);
    endTurn();
    expect(heard()).toEqual(['c', 'd']);
    come('f');
    endTurn();
    expect(heard()).toEqual(['f']);
  });

  test('calls back everybody once, those it does not refuse in their order, whatever comes when', () => {
    fc.assert(
      fc.property(
        fc.array(fc.record({ comers: fc.nat(8), waitMs: fc.nat(30), isJoined: fc.boolean() }), {
          maxLength: 30,
        }),
        (turns) => {
          const { come, heard, endTurn, isIdle, newcomer, wait } = setUp();
          const called: string[] = [];
          let count = 0;
          for (const { comers, waitMs, isJoined } of turns) {
            if (isJoined) newcomer();
            for (let n = 0; n < comers; n++) come(String(count++));
            wait(waitMs);
            endTurn();
            called.push(...heard());
          }
          for (let n = 0; n < count && !isIdle(); n++) endTurn();
          called.push(...heard());
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

describe('a gateway that is asked for more than a slice at once', () => {
  test('answers all of it', async () => {
    let elapsedMs = 0;
    const clock = { ...systemClock, monotonic: () => (elapsedMs += 1) };
    await using gateway = await startTestGateway({ clock });
    const answers = await pipelined(gateway.url, '{ __typename }', 50);
    expect(answers.match(/^HTTP\/1.1 200 /gm)).toHaveLength(50);
  });

  test('tells who is refused the code and when to come back, and makes no call for them', async () => {
    let elapsedMs = 0;
    // Each look at the clock takes longer than a request may wait.
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
