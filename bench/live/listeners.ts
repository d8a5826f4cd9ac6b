import { WebSocket } from 'ws';

/*
 * The subscribers of the bench, in a process of their own, so that the gateway's memory can be measured. Implements the protocol of
 * graphql-ws itself: one socket per subscriber, which stores only the times of arrival.
 */

export type Order = { do: 'open'; url: string; runIds: string[]; count: number } | { do: 'report' };
export type Report = { opened: number } | { arrivedAtMs: number[]; completed: number };

const QUERY = `subscription ($runId: ID!) {
  pipelineRunUpdated(projectId: 10000, runId: $runId) {
    kind changes { field stage before after } run { id status stages { code status } } asOf staleBecause
  }
}`;

/** Sockets that are opened at the same time, within a listener's backlog. */
const AT_ONCE = 100;

const arrivedAtMs: number[] = [];
let completed = 0;

process.on('message', (order: Order) => {
  if (order.do === 'report') tell({ arrivedAtMs: arrivedAtMs.splice(0), completed });
  else void openAll(order).then(() => tell({ opened: order.count }));
});

async function openAll({ url, runIds, count }: Extract<Order, { do: 'open' }>): Promise<void> {
  for (let opened = 0; opened < count; opened += AT_ONCE) {
    const batch = Array.from({ length: Math.min(AT_ONCE, count - opened) }, (_, index) =>
      openOne(url, runIds[(opened + index) % runIds.length] ?? ''),
    );
    await Promise.all(batch);
  }
}

/** Resolves when the first event is there. */
function openOne(url: string, runId: string): Promise<void> {
  const socket = new WebSocket(url, 'graphql-transport-ws');
  socket.on('open', () => socket.send(JSON.stringify({ type: 'connection_init' })));
  return new Promise((resolve, reject) => {
    socket.on('error', reject);
    socket.on('message', (data: Buffer) => {
      const { type } = JSON.parse(data.toString()) as { type: string };
      if (type === 'connection_ack') {
        const payload = { query: QUERY, variables: { runId } };
        socket.send(JSON.stringify({ id: '1', type: 'subscribe', payload }));
      }
      if (type === 'error') reject(new Error(data.toString()));
      if (type === 'complete') completed += 1;
      if (type !== 'next') return;
      arrivedAtMs.push(Date.now());
      resolve();
    });
  });
}

function tell(report: Report): void {
  process.send?.(report);
}
