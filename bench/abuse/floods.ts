import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { WebSocket } from 'ws';
import { type Figures, type MeasuredGateway, TOKEN } from './gateway.ts';

/*
 * Many small messages on few connections, sent as fast as the gateway accepts them. Each flood ends when the gateway has closed its
 * connections.
 */

export interface Flood {
  name: string;
  /** Sends it, and resolves when its connections are closed. */
  run: (gateway: MeasuredGateway) => Promise<void>;
}

const COUNT = 20_000;
const PING = JSON.stringify({ type: 'ping' });
const AUTHORIZED = `authorization: Bearer ${TOKEN}\r\n`;

const get = (path: string, headers = '') =>
  `GET ${path} HTTP/1.1\r\nhost: localhost\r\napollo-require-preflight: 1\r\n${headers}\r\n`;
const OPERATION = '/graphql?query=%7B__typename%7D';

export const floods: readonly Flood[] = [
  { name: 'pipelined GETs without a token', run: pipelined(get(OPERATION)) },
  { name: 'pipelined GETs to /health/live', run: pipelined(get('/health/live')) },
  { name: 'pipelined GETs with a token', run: pipelined(get(OPERATION, AUTHORIZED)) },
  { name: 'pings before init on 4 sockets', run: onSockets(4, false, (socket) => socket.send(PING)) },
  { name: 'pings with a token', run: onSockets(1, true, (socket) => socket.send(PING)) },
  { name: 'ping frames with a token', run: onSockets(1, true, (socket) => socket.ping()) },
  {
    name: 'rejected subscriptions',
    run: onSockets(1, true, (socket, id) => socket.send(subscribe(id, '{'))),
  },
];

/** Measures a flood from its first byte until its connections are closed. */
export async function measureFlood(gateway: MeasuredGateway, { run }: Flood): Promise<Figures> {
  await gateway.start();
  await run(gateway);
  return gateway.figures();
}

function pipelined(request: string): Flood['run'] {
  const requests = Buffer.from(request.repeat(COUNT));
  return async ({ url }) => {
    const socket = connect(Number(new URL(url).port), '127.0.0.1');
    socket.on('error', () => undefined);
    socket.resume();
    const closed = closeOf(socket);
    socket.write(requests);
    await closed;
  };
}

function onSockets(
  count: number,
  isAuthenticated: boolean,
  send: (socket: WebSocket, id: number) => void,
): Flood['run'] {
  return async ({ url }) => {
    await Promise.all(
      Array.from({ length: count }, async () => {
        const socket = new WebSocket(`${url.replace('http', 'ws')}/graphql`, 'graphql-transport-ws');
        await once(socket, 'open');
        socket.on('error', () => undefined);
        if (isAuthenticated) await enter(socket);
        const closed = closeOf(socket);
        const { _socket: tcp } = socket as unknown as { _socket: Socket };
        // The gateway reads nothing after its close frame, so the handshake would end with its time limit of seconds.
        tcp.on('data', () => {
          if (socket.readyState === WebSocket.CLOSING) tcp.destroy();
        });
        // In as few pieces as possible.
        tcp.cork();
        for (let id = 0; id < COUNT; id++) send(socket, id);
        tcp.uncork();
        await closed;
      }),
    );
  };
}

/** An error, such as a connection that is reset, comes before it. */
function closeOf(socket: Socket | WebSocket): Promise<void> {
  return new Promise((resolve) => {
    socket.once('close', () => resolve());
  });
}

async function enter(socket: WebSocket): Promise<void> {
  const payload = { authorization: `Bearer ${TOKEN}` };
  socket.send(JSON.stringify({ type: 'connection_init', payload }));
  await once(socket, 'message');
}

function subscribe(id: number, query: string): string {
  return JSON.stringify({ id: String(id), type: 'subscribe', payload: { query } });
}
