import { connect } from 'node:net';

/** Sends requests in one write, so Node parses them in one turn. Resolves with all responses in order of arrival. */
export function pipelined(url: string, query: string, count: number): Promise<string> {
  const { port } = new URL(url);
  const body = JSON.stringify({ query });
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
