import { WebSocket } from 'ws';
import type { Simulator } from '../../simulator/server.ts';
import { type Figures, type MeasuredGateway, TOKEN } from './gateway.ts';

export interface Subscribers {
  query: string;
  count: number;
}

/** Measures the first event of many subscriptions to one list, for all of which it comes from the same call. */
export async function measureSubscribers(
  gateway: MeasuredGateway,
  simulator: Simulator,
  { query, count }: Subscribers,
): Promise<Figures> {
  const call = simulator.fault({ kind: 'hold', action: 'ListPipelineRuns' });
  const sockets = await Promise.all(Array.from({ length: count }, () => connect(gateway.url)));
  const events = sockets.map((socket) => nextEvent(socket));
  for (const socket of sockets) {
    socket.send(JSON.stringify({ id: '1', type: 'subscribe', payload: { query } }));
  }
  await call.hit(1);
  // Each is waiting for the call when the gateway has answered its ping.
  await Promise.all(sockets.map(pong));
  await gateway.start();
  call();
  await Promise.all(events);
  const figures = await gateway.figures();
  for (const socket of sockets) socket.close();
  return figures;
}

async function connect(url: string): Promise<WebSocket> {
  const socket = new WebSocket(`${url.replace('http', 'ws')}/graphql`, 'graphql-transport-ws');
  await new Promise((resolve, reject) => {
    socket.once('open', resolve);
    socket.once('error', reject);
  });
  const payload = { authorization: `Bearer ${TOKEN}` };
  socket.send(JSON.stringify({ type: 'connection_init', payload }));
  await answer(socket, 'connection_ack');
  return socket;
}

async function pong(socket: WebSocket): Promise<void> {
  const answered = answer(socket, 'pong');
  socket.send(JSON.stringify({ type: 'ping' }));
  await answered;
}

function nextEvent(socket: WebSocket): Promise<void> {
  return answer(socket, 'next');
}

function answer(socket: WebSocket, type: string): Promise<void> {
  return new Promise((resolve, reject) => {
    const read = (data: Buffer) => {
      const text = data.toString();
      const message = JSON.parse(text) as { type: string; payload?: { errors?: unknown } };
      if (message.type === 'error' || message.payload?.errors !== undefined) {
        reject(new Error(text.slice(0, 500)));
      }
      if (message.type !== type) return;
      socket.off('message', read);
      resolve();
    };
    socket.on('message', read);
    socket.once('close', (code, reason) => {
      reject(new Error(`Closed with ${code} ${reason.toString()}.`));
    });
  });
}
