import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { startTestGateway, type TestGateway } from '../support/gateway.ts';

const WEBSOCKET = [
  'Connection: Upgrade',
  'Upgrade: websocket',
  'Sec-WebSocket-Version: 13',
  'Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==',
  'Sec-WebSocket-Protocol: graphql-transport-ws',
];
const H2C = [
  'Connection: Upgrade, HTTP2-Settings',
  'Upgrade: h2c',
  'HTTP2-Settings: AAEAAEAAAAIAAAABAAMAAABkAAQ',
];
const QUERY = JSON.stringify({ query: '{ __typename }' });
const ANSWER = '{"data":{"__typename":"Query"}}';

let gateway: TestGateway;
beforeAll(async () => {
  gateway = await startTestGateway();
});
afterAll(() => gateway.close());

describe('a request with an Upgrade header', () => {
  test.each([
    ['POST with Upgrade: websocket', WEBSOCKET],
    ['POST with Upgrade: h2c', H2C],
  ])('%s, 1,100 headers before its length and a request as its body is one request', async (_, upgrade) => {
    const smuggled = get('/health/live', ['Connection: close']);
    const padding = Array.from({ length: 1100 }, (__, index) => `a${index}: b`);
    const connection = open();
    connection.socket.write(post([...upgrade, ...padding], smuggled));
    await connection.ended;
    expect(responsesIn(connection.text()).map(statusOf)).toEqual([400]);
    expect(connection.text()).toContain('Invalid JSON');
  });

  test('is answered over HTTP/1.1 when it requests h2c, with GET and with POST', async () => {
    const path = `/graphql?query=${encodeURIComponent('{ __typename }')}`;
    const texts = await exchangeTexts([
      get(path, [...H2C, 'apollo-require-preflight: 1']),
      post(H2C, QUERY),
      get('/health/live', ['Connection: close']),
    ]);
    expect(texts.map(statusOf)).toEqual([200, 200, 200]);
    expect(texts.slice(0, 2).every((text) => text.includes(ANSWER))).toBe(true);
  });

  test('opens a WebSocket after an earlier request of the connection is answered', async () => {
    expect(await exchange([post([], QUERY), get('/graphql', WEBSOCKET)])).toEqual([200, 101]);
  });

  test('is rejected behind a pending request, after the response to that request', async () => {
    const held = gateway.simulator.fault({ kind: 'hold' });
    const query = JSON.stringify({ query: '{ pipelineRuns(projectId: 10000) { totalCount } }' });
    const connection = open();
    connection.socket.write(post([], query) + get('/graphql', WEBSOCKET));
    await held.hit(1);
    expect(connection.text()).toBe('');
    held();
    await connection.ended;
    expect(responsesIn(connection.text()).map(statusOf)).toEqual([200, 400]);
    const [first, second] = responsesIn(connection.text());
    expect(first).toContain('"totalCount":');
    expect(second).toContain('"code":"BAD_REQUEST"');
    expect(second).toMatch(/connection: close/i);
  });

  test('is rejected with a body, which is not parsed as frames', async () => {
    const connection = open();
    connection.socket.write(get('/graphql', [...WEBSOCKET, 'Content-Length: 5']) + 'abcde');
    await connection.ended;
    expect(responsesIn(connection.text()).map(statusOf)).toEqual([400]);
  });

  test('is answered as an ordinary request for a path without sockets', async () => {
    expect(await exchange([get('/health/live', WEBSOCKET), get('/elsewhere', WEBSOCKET)])).toEqual([
      200, 404,
    ]);
  });

  test('is rejected by the HTTP layer, with its headers', async () => {
    const connection = open();
    connection.socket.write(
      get('/graphql', [...WEBSOCKET, 'Origin: https://evil.example', 'X-Request-Id: r-1']),
    );
    await connection.ended;
    const [refused = '', ...more] = responsesIn(connection.text());
    expect([statusOf(refused), more]).toEqual([403, []]);
    expect(refused).toMatch(/^x-request-id: r-1\r$/im);
    expect(refused).toMatch(/^x-content-type-options: nosniff\r$/im);
    expect(refused).toMatch(/^connection: close\r$/im);
    expect(refused).toContain('"code":"FORBIDDEN"');
  });

  test('with headers beyond the limit of Node is rejected with 431', async () => {
    const connection = open();
    connection.socket.write(get('/graphql', [...WEBSOCKET, `A: ${'a'.repeat(17_000)}`]));
    await connection.ended;
    expect(responsesIn(connection.text()).map(statusOf)).toEqual([431]);
  });
});

function get(path: string, headers: string[] = []): string {
  return [`GET ${path} HTTP/1.1`, 'Host: 127.0.0.1', ...headers, '', ''].join('\r\n');
}

function post(headers: string[], body: string): string {
  const own = ['Host: 127.0.0.1', 'Content-Type: application/json'];
  const length = `Content-Length: ${Buffer.byteLength(body)}`;
  return ['POST /graphql HTTP/1.1', ...own, ...headers, length, '', body].join('\r\n');
}

interface Connection {
  socket: Socket;
  text: () => string;
  ended: Promise<unknown>;
}

function open(): Connection {
  const { hostname, port } = new URL(gateway.url);
  let text = '';
  const socket = connect(Number(port), hostname);
  socket.on('data', (piece) => (text += String(piece))).on('error', () => undefined);
  return { socket, text: () => text, ended: once(socket, 'close') };
}

/** Sends each request when the one before it is answered, and returns the responses. */
async function exchangeTexts(requests: string[]): Promise<string[]> {
  const { socket, text } = open();
  for (const [index, request] of requests.entries()) {
    socket.write(request);
    while (responsesIn(text()).length <= index) await once(socket, 'data');
  }
  socket.destroy();
  return responsesIn(text());
}

async function exchange(requests: string[]): Promise<number[]> {
  return (await exchangeTexts(requests)).map(statusOf);
}

function responsesIn(text: string): string[] {
  return text.split(/(?=HTTP\/1\.1 \d{3} )/).filter((response) => response.startsWith('HTTP/1.1'));
}

function statusOf(response: string): number {
  return Number(response.slice(9, 12));
}
