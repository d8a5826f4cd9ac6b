/** The most that an operation may have of each, after its fragments are spread. Known from its text alone. */
export interface DocumentLimits {
  /** Levels of fields, the root fields being the first. What lies below `__schema` and `__type` is bounded by graphql-js. */
  depth: number;
  aliases: number;
  rootFields: number;
  directives: number;
  /** Fields and spreads in all: what fragments that spread fragments grow into. */
  selections: number;
}

export interface OperationLimits extends DocumentLimits {
  tokens: number;
  /** Objects that the answer can have, lists below lists multiplied. */
  rows: number;
  /** The longest answer, in bytes. */
  responseBytes: number;
}

export interface TransportLimits {
  bodyBytes: number;
  /** How long a request may take: to arrive, and then once more to be answered. */
  deadlineMs: number;
  /** How long a request may wait for its turn before those who come later are refused, in milliseconds. */
  queueMs: number;
}

export interface SocketLimits {
  /** Sockets that one caller may have open. */
  perCaller: number;
  /** Sockets that may be open in all. */
  inAll: number;
}

export interface TrustedDocumentSettings {
  /** A JSON manifest: Apollo's persisted query manifest, or an object of documents by id. */
  file: string | null;
  /** Whether every other document is refused. */
  only: boolean;
}

export interface JwtSettings {
  /** Where the issuer's public keys are: a URL that is read again when it should know more, or a file. */
  jwks: { url: string } | { file: string };
  issuer: string;
  audience: string;
  /** Signature algorithms that count. */
  algorithms: readonly string[];
  /** The claim that lists readable projects: `*`, an array, or text parted by blanks or commas. */
  projectsClaim: string;
  /** The claim that lists capabilities, in the same forms. */
  scopeClaim: string;
}

/** How callers prove who they are. With neither, everybody is the anonymous viewer. */
export interface AuthSettings {
  /** A JSON file of static bearer tokens' names, digests and scopes. */
  tokensFile: string | null;
  jwt: JwtSettings | null;
}

export interface HttpSettings {
  host: string;
  port: number;
  /** Origins whose pages may read answers. */
  corsOrigins: readonly string[];
  auth: AuthSettings;
  limits: OperationLimits & TransportLimits;
  sockets: SocketLimits;
  /** Null where callers are not counted. */
  rateLimit: { perSecond: number; burst: number } | null;
  trustedDocuments: TrustedDocumentSettings;
  automaticPersistedQueries: boolean;
  /** What answers that are kept as bytes may weigh; 0 where none are kept. */
  storedAnswerBytes: number;
  /** How long requests in flight may take to end once the server closes, in milliseconds. */
  shutdownGraceMs: number;
}
