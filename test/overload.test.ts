import { connect } from 'node:net';
import { describe, expect, test } from '@jest/globals';
import { createOverloadGuard } from '../src/http/overload.ts';
import { systemClock } from '../src/model.ts';
import { startTestGateway } from './support/gateway.ts';
import { createVirtualClock } from './support/virtualClock.ts';

const MAX_TURN_MS = 80;

/** A guard whose turns the test ends, each request of which takes 10 ms. */
function setUp() {
  const clock = createVirtualClock();
  let endTurn: (() => void) | null = null;
  const guard = createOverloadGuard({
    clock,
    maxTurnMs: MAX_TURN_MS,
    atTurnsEnd: (task) => (endTurn = task),
  });
  return {
    /** How many of so many requests of one turn are taken on. */
    turn: async (requests: number): Promise<number> => {
      let taken = 0;
      for (let n = 0; n < requests; n++) {
        if (guard.refusal() !== null) continue;
        taken += 1;
        await clock.advance(10);
      }
      endTurn?.();
      return taken;
    },
    guard,
  };
}

/** Requests that come in one piece, so that Node takes them in one turn; gives the answers as they came, when all are there. */
function pipelined(url: string, count: number): Promise<string> {
  const { port } = new URL(url);
  const body = JSON.stringify({ query: '{ __typename }' });
  const request = [
    'POST /graphql HTTP/1.1',
    'host: localhost',
    'content-type: application/json',
    `content-length: ${body.length}`,
    '',
    body,
  ].join('\r\n');
  return new Promise((resolve, reject) => {
    let text = '';
    const socket = connect(Number(port), '127.0.0.1', () => socket.write(request.repeat(count)));
    socket.on('data', (piece) => {
      text += String(piece);
      if (text.split('HTTP/1.1 ').length <= count) return;
      socket.destroy();
      resolve(text);
    });
    socket.on('error', reject);
  });
}

describe('a process with more to do than it can', () => {
  test('takes on what comes early in a turn, and refuses the rest with a code and a time', async () => {
    const { turn, guard } = setUp();
    for (let n = 0; n < 3; n++) expect(await turn(20)).toBe(20);
    expect(await turn(20)).toBe(9);
    expect(await turn(20)).toBe(9);
    expect(guard.refusal()).toBeNull();
  });

  test('refuses nobody for one long turn', async () => {
    const { turn } = setUp();
    expect(await turn(49)).toBe(49);
    expect(await turn(1)).toBe(1);
    expect(await turn(49)).toBe(49);
  });

  test('takes on everybody again as soon as a turn is short', async () => {
    const { turn } = setUp();
    for (let n = 0; n < 6; n++) await turn(20);
    expect(await turn(20)).toBe(9);
    expect(await turn(3)).toBe(3);
    expect(await turn(20)).toBe(20);
  });
});

test('who is refused is told the code and when to come back, and costs no call', async () => {
  let elapsedMs = 0;
  // Each look at the clock takes as long as a turn may in all.
  const clock = { ...systemClock, monotonic: () => (elapsedMs += MAX_TURN_MS + 1) };
  await using gateway = await startTestGateway({ clock, settings: { MAX_TURN_MS: String(MAX_TURN_MS) } });
  for (let n = 0; n < 10; n++) await pipelined(gateway.url, 2);
  const answers = await pipelined(gateway.url, 3);
  expect(answers).toMatch(
    /^HTTP\/1.1 503 [^]*?retry-after: 1\r\n[^]*?"code":"OVERLOADED","retryAfterMs":1000/m,
  );
  expect(answers).toMatch(/^HTTP\/1.1 200 /);
  expect(gateway.newCalls()).toEqual([]);
});
