/**
 * Starts GraphiQL in the browser with the page's settings, and sends its operations. The package itself would send subscriptions over
 * SSE, which the gateway does not support, or over sockets without headers. This script sends the headers as `connectionParams`.
 *
 * @see https://github.com/enisdenjo/graphql-ws/blob/master/PROTOCOL.md
 */
export const startScript = `
const { workers, endpoint, graphiql } = JSON.parse(document.getElementById('settings').textContent);
self.MonacoEnvironment = { globalAPI: false, getWorkerUrl: (_, label) => workers[label] };
YogaGraphiQL.renderYogaGraphiQL(document.getElementById('explorer'), { ...graphiql, fetcher });

function fetcher(request, { headers, documentAST } = {}) {
  return isSubscription(request, documentAST) ? overSocket(request, headers) : overHttp(request, headers);
}

function isSubscription({ operationName }, { definitions = [] } = {}) {
  const named = ({ name }) => !operationName || name?.value === operationName;
  return definitions.find((definition) => definition.operation && named(definition))?.operation === 'subscription';
}

async function overHttp(request, headers) {
  const response = await fetch(endpoint, {
    method: 'POST',
    headers: {
      accept: 'application/graphql-response+json, application/json;q=0.9',
      'content-type': 'application/json',
      ...headers,
    },
    body: JSON.stringify(request),
  });
  return response.json();
}

// An observable, with a socket for each subscription.
function overSocket(request, headers) {
  return { subscribe };

  function subscribe({ next, error, complete }) {
    const url = new URL(endpoint, location.href);
    url.protocol = url.protocol.replace('http', 'ws');
    const socket = new WebSocket(url, 'graphql-transport-ws');
    const send = (message) => socket.send(JSON.stringify(message));
    const react = {
      connection_ack: () => send({ id: '1', type: 'subscribe', payload: request }),
      ping: () => send({ type: 'pong' }),
      next: ({ payload }) => next(payload),
      error: ({ payload }) => end(() => next({ errors: payload })),
      complete: () => end(() => undefined),
    };
    socket.onopen = () => send({ type: 'connection_init', payload: headers });
    socket.onmessage = ({ data }) => {
      const message = JSON.parse(data);
      react[message.type]?.(message);
    };
    socket.onclose = ({ code, reason }) => error({ message: reason || 'The socket was closed.', code });
    return { unsubscribe: close };

    function end(deliver) {
      close();
      deliver();
      complete();
    }

    function close() {
      socket.onmessage = socket.onclose = null;
      socket.close(1000);
    }
  }
}
`;
