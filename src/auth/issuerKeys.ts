import { createLocalJWKSet, type JSONWebKeySet, type JWTVerifyGetKey } from 'jose';
import type { Clock } from '../core/clock.ts';

/** The keys that tokens are verified with. An unchanged set is the same object each time. */
export interface KeySource {
  /** The known keys; null if there are none. Starts a refresh in the background if they are old. */
  current(): JWTVerifyGetKey | null;
  /** Waits for a refresh, if one is allowed. Returns null if there are still no keys, or no others than the given ones. */
  newerThan(known: JWTVerifyGetKey | null): Promise<JWTVerifyGetKey | null>;
}

export interface IssuerOptions {
  url: string;
  clock: Clock;
  /** Called with the reason when the issuer's keys cannot be fetched, and with null when they can again. */
  onIssuerChange: (problem: string | null) => void;
}

interface FetchedKeys {
  text: string;
  keys: JWTVerifyGetKey;
}

/** A set of this age is fetched again in the background. */
const REFRESH_AFTER_MS = 300_000;
/** The last valid set is used up to this age while no newer one can be fetched. */
const MAX_AGE_MS = 86_400_000;
/** The shortest time between two fetches while there are keys, and while there are none. */
const COOL_DOWN_MS = 30_000;
export const RETRY_WITHOUT_KEYS_MS = 5000;
/** Measured by the system's clock. */
const FETCH_TIMEOUT_MS = 5000;
const MAX_BYTES = 1_000_000;

/**
 * The keys that an issuer serves at a URL, fetched when the first token needs them. jose's own remote key set drops its keys when a
 * refresh fails; this one uses the last valid set for up to a day. One fetch runs at a time, with a cool-down between two, so that
 * tokens with made-up key ids cause no more fetches than valid ones.
 */
export function createIssuerKeys({ url, clock, onIssuerChange }: IssuerOptions): KeySource {
  let known: (FetchedKeys & { fetchedAt: number }) | null = null;
  let attemptedAt = -Infinity;
  let refreshing: Promise<void> | null = null;
  let problem: string | null = null;

  const ageMs = () => (known === null ? Infinity : clock.monotonic() - known.fetchedAt);
  const usable = () => (known !== null && ageMs() < MAX_AGE_MS ? known.keys : null);

  return {
    current() {
      if (ageMs() > REFRESH_AFTER_MS) void refresh();
      return usable();
    },
    async newerThan(given) {
      if (usable() === given) await refresh();
      const keys = usable();
      return keys === given ? null : keys;
    },
  };

  /** Resolves when the running or a new fetch has ended; at once during the cool-down. Never rejects. */
  function refresh(): Promise<void> {
    if (refreshing !== null) return refreshing;
    const coolDownMs = usable() === null ? RETRY_WITHOUT_KEYS_MS : COOL_DOWN_MS;
    if (clock.monotonic() - attemptedAt < coolDownMs) return Promise.resolve();
    attemptedAt = clock.monotonic();
    refreshing = fetchOnce().finally(() => (refreshing = null));
    return refreshing;
  }

  async function fetchOnce(): Promise<void> {
    try {
      const fetched = await fetchKeySet(url);
      const isUnchanged = known?.text === fetched.text;
      known = { ...(isUnchanged && known ? known : fetched), fetchedAt: clock.monotonic() };
      setProblem(null);
    } catch (error) {
      setProblem(error instanceof KeySetError ? error.message : 'is unreachable');
    }
  }

  function setProblem(current: string | null): void {
    if (problem !== current) onIssuerChange(current);
    problem = current;
  }
}

/** Says what is wrong with an issuer's response, without quoting it. */
class KeySetError extends Error {
  override readonly name = 'KeySetError';
}

async function fetchKeySet(url: string): Promise<FetchedKeys> {
  const signal = AbortSignal.timeout(FETCH_TIMEOUT_MS);
  const response = await fetch(url, { redirect: 'error', signal, headers: { accept: 'application/json' } });
  const text = await boundedText(response);
  if (response.status !== 200) throw new KeySetError(`responds with status ${response.status}`);
  return { text, keys: parseKeySet(text) };
}

async function boundedText({ body }: Response): Promise<string> {
  if (body === null) return '';
  const decoder = new TextDecoder();
  let text = '';
  for await (const chunk of body) {
    text += decoder.decode(chunk, { stream: true });
    if (text.length > MAX_BYTES) throw new KeySetError(`responds with more than ${MAX_BYTES} bytes`);
  }
  return text;
}

/** A set without keys counts as a failure: it would reject every token. */
function parseKeySet(text: string): JWTVerifyGetKey {
  try {
    const set = JSON.parse(text) as JSONWebKeySet;
    if (set.keys.length > 0) return createLocalJWKSet(set);
  } catch {
    // Reported below.
  }
  throw new KeySetError('responds without a valid key set');
}
