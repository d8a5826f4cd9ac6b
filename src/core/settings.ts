/** Limits of a document, with fragments expanded. */
export interface DocumentLimits {
  /** Levels of fields; root fields are the first. graphql-js limits the fields below `__schema` and `__type`. */
  depth: number;
  aliases: number;
  rootFields: number;
  directives: number;
  /** All fields and spreads, since fragments that spread fragments multiply. */
  selections: number;
}

export interface OperationLimits extends DocumentLimits {
  tokens: number;
  /** Objects that the response can have, nested lists multiplied. */
  rows: number;
  /** Size of the response. */
  responseBytes: number;
}

export interface TransportLimits {
  bodyBytes: number;
  /** The longest time for the arrival of a request, and again for its response. */
  deadlineMs: number;
  /** The longest wait in the request queue before later requests are rejected, in milliseconds. */
  queueMs: number;
}

export interface SocketLimits {
  /** Sockets that one caller may have open. */
  perCaller: number;
  /** Sockets of all callers. */
  inAll: number;
}

export interface TrustedDocumentSettings {
  /** A JSON manifest: Apollo's persisted query manifest, or an object of documents by id. */
  file: string | null;
  /** Whether all other documents are rejected. */
  only: boolean;
}

export interface JwtSettings {
  /** Where the public keys of the issuer are. A URL is read again for an unknown key. */
  jwks: { url: string } | { file: string };
  issuer: string;
  audience: string;
  /** Accepted signature algorithms. */
  algorithms: readonly string[];
  /** The claim with readable projects: `*`, an array, or text separated by spaces or commas. */
  projectsClaim: string;
  /** The claim with capabilities, in the same forms. */
  scopeClaim: string;
}

/** How callers authenticate. With neither, every caller is the anonymous viewer. */
export interface AuthSettings {
  /** A JSON file of static bearer tokens' names, digests and scopes. */
  tokensFile: string | null;
  jwt: JwtSettings | null;
}

export interface HttpSettings {
  host: string;
  port: number;
  /** Origins whose pages may read responses. */
  corsOrigins: readonly string[];
  auth: AuthSettings;
  limits: OperationLimits & TransportLimits;
  sockets: SocketLimits;
  /** Null for no rate limit. */
  rateLimit: { perSecond: number; burst: number } | null;
  trustedDocuments: TrustedDocumentSettings;
  automaticPersistedQueries: boolean;
  /** Whether responses are compressed for clients that ask for it. */
  compression: boolean;
  /** Memory for stored responses; 0 turns them off. */
  storedResponseBytes: number;
  /** Time for requests in flight after the server closes, in milliseconds. */
  shutdownGraceMs: number;
}
