/** Codes with which the gateway closes a socket. */
export const CLOSE = {
  /** IANA: the server shuts down. */
  goingAway: 1001,
  /** IANA: too many sockets or messages. */
  tryAgainLater: 1013,
  /** graphql-ws: not a message of the protocol. */
  badRequest: 4400,
  /** graphql-ws: no valid credentials; reconnecting with the same ones fails again. */
  unauthorized: 4401,
  /** graphql-ws: the token has ended or changed; reconnecting with a new one can succeed. */
  forbidden: 4403,
  /** graphql-ws: not authenticated in time. */
  initTimeout: 4408,
  /** The client reads too slowly. It can reconnect and receives the current state. */
  slowConsumer: 4413,
  internalError: 4500,
} as const;
