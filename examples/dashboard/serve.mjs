import { readdirSync, readFileSync } from 'node:fs';
import { createServer, request } from 'node:http';
import { extname, join, relative, sep } from 'node:path';
import { fileURLToPath } from 'node:url';

/*
 * Serves the built app and proxies /graphql to the gateway: one origin, so that the gateway needs no CORS origin.
 * Settings: PORT (4100), GATEWAY_URL (http://127.0.0.1:4000). Listens on this machine only.
 */

const port = Number(process.env['PORT'] ?? 4100);
const gatewayUrl = new URL(process.env['GATEWAY_URL'] ?? 'http://127.0.0.1:4000');

const types = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.svg': 'image/svg+xml',
};

const securityHeaders = {
  'content-security-policy':
    "default-src 'self'; img-src 'self' data:; base-uri 'none'; form-action 'self'; frame-ancestors 'none'; object-src 'none'",
  'x-content-type-options': 'nosniff',
  'referrer-policy': 'no-referrer',
};

const files = readFiles(fileURLToPath(new URL('dist/', import.meta.url)));

const server = createServer((incoming, outgoing) => {
  const { pathname } = new URL(incoming.url ?? '/', 'http://localhost');
  if (pathname === '/graphql') proxyRequest(incoming, outgoing);
  else sendFile(pathname, incoming, outgoing);
});

server.listen(port, '127.0.0.1', () => {
  console.log(
    `Dashboard at http://127.0.0.1:${server.address().port}, proxying the gateway at ${gatewayUrl.origin}.`,
  );
});

server.on('error', ({ message }) => {
  console.error(`The dashboard server failed: ${message}. Set another PORT.`);
  process.exit(1);
});

server.on('upgrade', (incoming, socket, head) => {
  const { pathname } = new URL(incoming.url ?? '/', 'http://localhost');
  if (pathname === '/graphql') proxyUpgrade(incoming, socket, head);
  else socket.end('HTTP/1.1 404 Not Found\r\nconnection: close\r\n\r\n');
});

/** Every file by its URL path. Nothing else can be served. */
function readFiles(directory) {
  const entries = readdirSync(directory, { recursive: true, withFileTypes: true }).filter((entry) =>
    entry.isFile(),
  );
  return new Map(
    entries.map((entry) => {
      const path = join(entry.parentPath, entry.name);
      return [`/${relative(directory, path).split(sep).join('/')}`, readFileSync(path)];
    }),
  );
}

function sendFile(pathname, { method }, outgoing) {
  const path = pathname === '/' ? '/index.html' : pathname;
  const body = files.get(path);
  if (!body || (method !== 'GET' && method !== 'HEAD')) {
    outgoing.writeHead(404, { 'content-type': 'text/plain', ...securityHeaders }).end('Not found.\n');
    return;
  }
  outgoing
    .writeHead(200, {
      'content-type': types[extname(path)] ?? 'application/octet-stream',
      // The build names these by their content.
      'cache-control': path.startsWith('/assets/') ? 'public, max-age=31536000, immutable' : 'no-cache',
      ...securityHeaders,
    })
    .end(method === 'HEAD' ? undefined : body);
}

/** Streams a request to the gateway and the response back. */
function proxyRequest(incoming, outgoing) {
  const forwarded = request(
    new URL('/graphql', gatewayUrl),
    { method: incoming.method, headers: { ...incoming.headers, host: gatewayUrl.host } },
    (response) => {
      outgoing.writeHead(response.statusCode ?? 502, response.headers);
      response.pipe(outgoing);
    },
  );
  forwarded.on('error', () => {
    if (outgoing.headersSent) outgoing.destroy();
    else sendUnreachable(outgoing);
  });
  // The gateway cancels the work for a closed connection.
  outgoing.on('close', () => forwarded.destroy());
  incoming.pipe(forwarded);
}

/** Proxies a WebSocket upgrade and the connection in both directions. */
function proxyUpgrade(incoming, socket, head) {
  const { headers } = incoming;
  const isOwnPage = URL.canParse(headers.origin) && new URL(headers.origin).host === headers.host;
  const forwarded = request(new URL('/graphql', gatewayUrl), {
    headers: {
      ...headers,
      host: gatewayUrl.host,
      // The gateway accepts WebSockets from its own origin only.
      ...(isOwnPage && { origin: gatewayUrl.origin }),
    },
  });
  forwarded.on('upgrade', (response, remote, rest) => {
    socket.write(headOf(response));
    socket.write(rest);
    remote.write(head);
    remote.on('error', () => socket.destroy());
    socket.on('close', () => remote.destroy());
    remote.pipe(socket).pipe(remote);
  });
  forwarded.on('response', (response) => {
    socket.write(headOf(response));
    response.pipe(socket);
  });
  forwarded.on('error', () => socket.destroy());
  socket.on('error', () => forwarded.destroy());
  forwarded.end();
}

/** The head of a response, unchanged. */
function headOf({ statusCode, statusMessage, rawHeaders }) {
  const lines = [`HTTP/1.1 ${statusCode} ${statusMessage}`];
  for (let index = 0; index < rawHeaders.length; index += 2) {
    lines.push(`${rawHeaders[index]}: ${rawHeaders[index + 1]}`);
  }
  return `${lines.join('\r\n')}\r\n\r\n`;
}

function sendUnreachable(outgoing) {
  const error = {
    message: `The gateway at ${gatewayUrl.origin} cannot be reached.`,
    extensions: { code: 'UNREACHABLE' },
  };
  outgoing
    .writeHead(502, { 'content-type': 'application/graphql-response+json' })
    .end(JSON.stringify({ errors: [error] }));
}
