import { request } from 'node:http';
import { createClient } from 'graphql-ws';
import { WebSocket } from 'ws';

/** A subscription and its results so far. */
export interface Subscription {
  events: any[]; // eslint-disable-line @typescript-eslint/no-explicit-any -- as deep as the test asks
  /** Codes of errors, with or without data. */
  codes: string[];
  /** The `extensions` of each event, or undefined. */
  extensions: unknown[];
  /** Resolves when it ends. */
  ended: Promise<void>;
  /** Resolves after the given number of events. */
  until(count: number): Promise<void>;
  stop(): void;
}

export interface SocketClient extends AsyncDisposable {
  /** Resolves with the code with which the server closes the socket. */
  closed: Promise<{ code: number; reason: string }>;
  subscribe(query: string, variables?: Record<string, unknown>): Subscription;
  /** The socket itself, once it is open. */
  socket(): Promise<WebSocket>;
}

export interface SocketClientOptions {
  connectionParams?: Record<string, unknown>;
  headers?: Record<string, string>;
}

interface Message {
  errors?: readonly { extensions?: Record<string, unknown> | undefined }[] | undefined;
}

/** A graphql-ws client with one socket that does not reconnect. */
export function openSocket(gatewayUrl: string, options: SocketClientOptions = {}): SocketClient {
  const { connectionParams, headers } = options;
  let tellSocket: (socket: WebSocket) => void;
  let tellClose: (event: { code: number; reason: string }) => void;
  const socket = new Promise<WebSocket>((resolve) => (tellSocket = resolve));
  const closed = new Promise<{ code: number; reason: string }>((resolve) => (tellClose = resolve));
  class Socket extends WebSocket {
    constructor(url: string, protocol: string) {
      super(url, protocol, { headers: headers ?? {} });
      tellSocket(this);
      this.once('close', (code, reason) => tellClose({ code, reason: String(reason) }));
    }
  }
  const client = createClient({
    url: socketUrlOf(gatewayUrl),
    webSocketImpl: Socket,
    lazy: false,
    retryAttempts: 0,
    onNonLazyError: () => undefined,
    ...(connectionParams && { connectionParams }),
  });

  return {
    closed,
    socket: () => socket,
    subscribe(query, variables = {}) {
      const waiting = new Set<() => void>();
      const events: unknown[] = [];
      const codes: string[] = [];
      const extensions: unknown[] = [];
      let stop = (): void => undefined;
      const note = ({ errors = [] }: Message) =>
        codes.push(...errors.map(({ extensions }) => String(extensions?.['code'])));
      const ended = new Promise<void>((resolve) => {
        stop = client.subscribe(
          { query, variables },
          {
            next(message) {
              note(message);
              if (message.data) {
                events.push(Object.values(message.data)[0]);
                extensions.push(message.extensions);
              }
              for (const wake of waiting) wake();
            },
            error(error) {
              if (Array.isArray(error)) note({ errors: error });
              resolve();
            },
            complete: resolve,
          },
        );
      });
      return {
        events,
        codes,
        extensions,
        ended,
        stop: () => stop(),
        until: (count) =>
          new Promise((resolve) => {
            function look(): void {
              if (events.length < count) return;
              waiting.delete(look);
              resolve();
            }
            waiting.add(look);
            look();
          }),
      };
    },
    async [Symbol.asyncDispose]() {
      await client.dispose();
    },
  };
}

/** The status of the response to a request for a WebSocket, or the code with which the server closes the socket at once. */
export function upgradeStatusOf(
  gatewayUrl: string,
  { path = '/graphql', protocol = 'graphql-transport-ws', headers = {} } = {},
): Promise<number> {
  const asked = request(gatewayUrl + path, {
    headers: {
      connection: 'Upgrade',
      upgrade: 'websocket',
      'sec-websocket-version': '13',
      'sec-websocket-key': 'dGhlIHNhbXBsZSBub25jZQ==',
      'sec-websocket-protocol': protocol,
      ...headers,
    },
  });
  return new Promise((resolve, reject) => {
    asked.on('error', reject).on('response', (response) => {
      response.resume();
      resolve(response.statusCode ?? 0);
    });
    asked.on('upgrade', (response, socket, head) => {
      socket.on('error', () => undefined);
      const answer = (status: number) => {
        socket.destroy();
        resolve(status);
      };
      if (response.headers['sec-websocket-protocol'] !== undefined) answer(101);
      // A close frame: two bytes of its own, and then the code.
      else if (head.length > 0) answer(head.readUInt16BE(2));
      else socket.once('data', (frame: Buffer) => answer(frame.readUInt16BE(2)));
    });
    asked.end();
  });
}

export function socketUrlOf(gatewayUrl: string, path = '/graphql'): string {
  return gatewayUrl.replace(/^http/, 'ws') + path;
}
